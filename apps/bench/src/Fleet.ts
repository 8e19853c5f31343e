/** The servers of a run, each on its own filled database, started when a row first asks for them. */
import { once } from "node:events"
import { copyFileSync, createWriteStream, existsSync } from "node:fs"
import { join } from "node:path"
import { customerOf } from "./Customers.ts"
import { type Loader, startLoader } from "./Loader.ts"
import { fillIn, type Participant } from "./Participant.ts"
import { freePort, run, type Started, startServer } from "./Subprocess.ts"

export interface Filled {
  readonly database: string
  readonly apikey: string
}

export interface Server extends Started {
  readonly participant: Participant
  readonly port: number
  readonly apikey: string
}

export interface Fleet {
  readonly folder: string
  readonly loader: Loader
  /** An NDJSON file of the first `count` customers, in lines the participant's import reads; made once. */
  readonly file: (participant: Participant, count: number) => Promise<string>
  /** A database of its own, made new by every call: no customers, but ready to take them. */
  readonly empty: (participant: Participant) => Promise<Filled>
  /** A database with the first `count` customers, made once. */
  readonly filled: (participant: Participant, count: number) => Promise<Filled>
  readonly start: (participant: Participant, filled: Filled) => Promise<Server>
  /** A server over ten thousand customers that stays up for the rest of the run. */
  readonly standing: (participant: Participant) => Promise<Server>
}

export const customersServed = 10_000

const memoized = <A>(make: (key: string) => Promise<A>): ((key: string) => Promise<A>) => {
  const kept = new Map<string, Promise<A>>()
  return (key) => kept.get(key) ?? kept.set(key, make(key)).get(key)!
}

const writeFile = async (path: string, count: number, line: Participant["line"]): Promise<string> => {
  const out = createWriteStream(path)
  for (let from = 1; from <= count; from += 1_000) {
    let text = ""
    for (let id = from; id < from + 1_000 && id <= count; id++) text += `${line(customerOf(id))}\n`
    if (!out.write(text)) await once(out, "drain")
  }
  out.end()
  await once(out, "finish")
  return path
}

export const openFleet = (folder: string): Fleet => {
  const known = new Map<string, Participant>()
  let made = 0

  const template = memoized(async (name): Promise<Filled> => {
    const database = join(folder, `template-${known.size}-${made++}.sqlite`)
    return { database, apikey: await known.get(name)!.prepare(database, folder) }
  })
  const files = memoized((key) => {
    const [name = "", count = ""] = key.split("|")
    return writeFile(join(folder, `customers-${made++}.ndjson`), Number(count), known.get(name)!.line)
  })
  const file = (participant: Participant, count: number): Promise<string> => {
    known.set(participant.name, participant)
    return files(`${participant.name}|${count}`)
  }

  const empty = async (participant: Participant): Promise<Filled> => {
    known.set(participant.name, participant)
    const { database: source, apikey } = await template(participant.name)
    const database = join(folder, `database-${made++}.sqlite`)
    for (const suffix of ["", "-wal"]) {
      if (existsSync(source + suffix)) copyFileSync(source + suffix, database + suffix)
    }
    return { database, apikey }
  }

  const fill = memoized(async (key): Promise<Filled> => {
    const [name = "", count = ""] = key.split("|")
    const filled = await empty(known.get(name)!)
    await run(
      fillIn(known.get(name)!.importing, { ...filled, file: await file(known.get(name)!, Number(count)) }),
      folder
    )
    return filled
  })
  const filled = (participant: Participant, count: number): Promise<Filled> => {
    known.set(participant.name, participant)
    return fill(`${participant.name}|${count}`)
  }

  const start = async (participant: Participant, { database, apikey }: Filled): Promise<Server> => {
    const port = await freePort()
    const command = fillIn(participant.serve, { database, apikey, port })
    return { participant, port, apikey, ...(await startServer(command, port, folder)) }
  }
  const stand = memoized(async (name) =>
    start(known.get(name)!, await filled(known.get(name)!, customersServed))
  )

  return {
    folder,
    loader: startLoader(folder),
    file,
    empty,
    filled,
    start,
    standing: (participant) => {
      known.set(participant.name, participant)
      return stand(participant.name)
    }
  }
}
