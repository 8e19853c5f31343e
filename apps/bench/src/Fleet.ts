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
  /** A database with the customers of the shop, made once. */
  readonly filled: (participant: Participant, shop: Shop) => Promise<Filled>
  readonly start: (participant: Participant, filled: Filled) => Promise<Server>
  /** A server over such a shop that stays up for the rest of the run. */
  readonly standing: (participant: Participant, shop: Shop) => Promise<Server>
}

/** The first customers, each with its card or without. */
export interface Shop {
  readonly customers: number
  readonly hasCards: boolean
}

/** What VirtualPOS is measured with, and the start. */
export const usualShop: Shop = { customers: 10_000, hasCards: false }

const memoized = <Arguments extends ReadonlyArray<unknown>, A>(
  make: (participant: Participant, ...more: Arguments) => Promise<A>
): ((participant: Participant, ...more: Arguments) => Promise<A>) => {
  const kept = new Map<string, Promise<A>>()
  return (participant, ...more) => {
    const key = JSON.stringify([participant.name, ...more])
    return kept.get(key) ?? kept.set(key, make(participant, ...more)).get(key)!
  }
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
  let made = 0

  const template = memoized(async (participant): Promise<Filled> => {
    const database = join(folder, `template-${made++}.sqlite`)
    return { database, apikey: await participant.prepare(database, folder) }
  })
  const file = memoized((participant, count: number) =>
    writeFile(join(folder, `customers-${made++}.ndjson`), count, participant.line)
  )

  const empty = async (participant: Participant): Promise<Filled> => {
    const { database: source, apikey } = await template(participant)
    const database = join(folder, `database-${made++}.sqlite`)
    for (const suffix of ["", "-wal"]) {
      if (existsSync(source + suffix)) copyFileSync(source + suffix, database + suffix)
    }
    return { database, apikey }
  }

  const filled = memoized(async (participant, { customers, hasCards }: Shop): Promise<Filled> => {
    const made = await empty(participant)
    const slots = { ...made, file: await file(participant, customers), count: customers }
    await run(fillIn(participant.importing, slots), folder)
    if (hasCards) await run(fillIn(participant.addingCards, slots), folder)
    return made
  })

  const start = async (participant: Participant, { database, apikey }: Filled): Promise<Server> => {
    const port = await freePort()
    const command = fillIn(participant.serve, { database, apikey, port })
    return { participant, port, apikey, ...(await startServer(command, port, folder)) }
  }
  const standing = memoized(async (participant, shop: Shop) =>
    start(participant, await filled(participant, shop))
  )

  return { folder, loader: startLoader(folder), file, empty, filled, start, standing }
}
