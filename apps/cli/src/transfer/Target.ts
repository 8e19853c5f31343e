/** What a command may write over: anything but the store, which it is reading, and other databases. */
import { closeSync, openSync, readlinkSync, readSync, realpathSync, statSync } from "node:fs"
import { basename, dirname, resolve } from "node:path"
import { Failure, systemReason, usage } from "../Failure.ts"

/** The path behind links, of a file that need not exist yet. */
const placeOf = (file: string, links = 0): string => {
  try {
    return realpathSync(file)
  } catch {}
  try {
    // A link to nothing: writing makes the file it points to.
    if (links < 40) return placeOf(resolve(dirname(file), readlinkSync(file)), links + 1)
  } catch {}
  try {
    return resolve(realpathSync(dirname(file)), basename(file))
  } catch {
    return resolve(file)
  }
}

const identityOf = (file: string): string | null => {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`
}

/** Whether two paths name one file, through links of either kind. */
export const isSameFile = (a: string, b: string): boolean => {
  if (placeOf(a) === placeOf(b)) return true
  try {
    const identity = identityOf(a)
    return identity !== null && identity === identityOf(b)
  } catch {
    return false
  }
}

const signature = Buffer.from("SQLite format 3\0")

const isDatabase = (file: string): boolean => {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false
  const handle = openSync(file, "r")
  try {
    const start = Buffer.alloc(signature.length)
    return readSync(handle, start, 0, start.length, 0) === start.length && start.equals(signature)
  } finally {
    closeSync(handle)
  }
}

/** Why this file must not be written over, if it must not. `said` is how the message calls it. */
export const refuseTarget = (file: string, database: string, said: string = file): Failure | null => {
  for (const end of ["", "-wal", "-shm", "-journal"])
    if (isSameFile(file, database + end))
      return usage(`cannot write ${said}: it belongs to the database ${database}`)
  try {
    return isDatabase(file) ? usage(`cannot write ${said}: it is a SQLite database`) : null
  } catch (cause) {
    // Nobody can tell what is in it.
    const message = `cannot write ${said}: it cannot be looked into: ${systemReason(cause)}`
    return new Failure({ kind: "usage", message, cause })
  }
}
