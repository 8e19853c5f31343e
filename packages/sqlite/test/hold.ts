// Holds a SQLite file: runs the SQL it is given, says so, and keeps the connection until it is killed.
import { DatabaseSync } from "node:sqlite"

const [file, sql] = process.argv.slice(2)
const database = new DatabaseSync(file!)
database.exec(sql!)
process.stdout.write("held\n")
process.stdin.resume()
