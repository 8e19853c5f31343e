/**
 * The proof that what was acknowledged is there after `kill -9`: a writer program is killed at random moments, the
 * store is opened again and everything in it is looked at.
 *
 * The protocol. The suite starts the writer with a number to start from. The writer opens the store and, for that
 * number and each one after it, writes in ONE unit of work what `crashWrite` writes; after the unit is committed, and
 * never before, it prints `ack <number>\n` on its standard output without buffering. It goes on until it is killed.
 * `crashWriter` does all of this on any repositories.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  CardRepository,
  ChangeFeed,
  type ChangePosition,
  type Customer,
  CustomerRepository,
  type LoyaltyCard,
  type Merchant,
  MerchantRepository,
  newCard,
  newCustomer,
  type Repositories
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { ChildProcess } from "node:child_process"
import { type Case, randomCase, settingsOf } from "./Case.ts"
import type { Random } from "./Random.ts"
import { idsOf, inUnit, makeMerchant, someTime } from "./Records.ts"
import { feedAgrees } from "./FeedReader.ts"

const merchantName = "crash suite"
const system = "crash suite"
const counterKey = "counter"

/** The merchant that crash suites write to; made when it does not exist. */
export const crashMerchant = Effect.gen(function* () {
  const merchants = yield* MerchantRepository
  const found = (yield* merchants.list).find(({ name }) => name === merchantName)
  return found ?? (yield* makeMerchant({ name: merchantName }))
})

const customerFields = (n: number): Partial<Customer> => ({
  externalIds: [{ system, key: String(n) }],
  firstName: `first ${n}`,
  lastName: `last ${n}`,
  phone: `+7 ${n}`,
  notes: `${n} `.repeat(500)
})

const cardNumber = (n: number) => `crash-${n}`

const byKey = (merchant: Merchant, key: string) =>
  Effect.gen(function* () {
    const customers = yield* CustomerRepository
    const [owner] = yield* customers.owners(merchant.id, [{ system, key }])
    return owner === undefined ? null : Option.getOrNull(yield* customers.get(merchant.id, owner.customerId))
  })

/** One unit of work: customer `n`, its card, and a counter customer that says `n`. */
export const crashWrite = (merchant: Merchant, n: number) =>
  inUnit(
    Effect.gen(function* () {
      const customers = yield* CustomerRepository
      const cards = yield* CardRepository
      const feed = yield* ChangeFeed
      const before = yield* byKey(merchant, counterKey)
      const claimed = yield* feed.claim(merchant.id, {
        changes: 3,
        customers: before === null ? 2 : 1,
        cards: 1
      })
      const version = (index: number) => ({ version: (claimed.position + index) as ChangePosition })
      const customer = {
        ...newCustomer(claimed.customerId, someTime, null),
        ...customerFields(n),
        ...version(0)
      }
      const counter: Customer = {
        ...(before ?? newCustomer((claimed.customerId + 1) as Customer["id"], someTime, null)),
        externalIds: [{ system, key: counterKey }],
        notes: String(n),
        ...version(1)
      }
      const card: LoyaltyCard = {
        ...newCard(claimed.cardId, cardNumber(n), someTime, null),
        customerId: customer.id,
        ...version(2)
      }
      yield* customers.put(merchant.id, [{ before: null, after: customer }])
      yield* customers.put(merchant.id, [{ before, after: counter }])
      yield* cards.put(merchant.id, [{ before: null, after: card }])
    })
  )

/** The whole writer: writes from `start` on and acknowledges each number, until the process is killed. */
export const crashWriter = (
  start: number,
  acknowledge: (line: string) => void
): Effect.Effect<never, unknown, Repositories> =>
  Effect.gen(function* () {
    const merchant = yield* crashMerchant
    for (let n = start; ; n++) {
      yield* crashWrite(merchant, n)
      acknowledge(`ack ${n}\n`)
    }
  })

export interface CrashOptions<E> {
  /** Starts the writer program with its standard output piped. Each writer starts from a number not used before. */
  readonly spawnWriter: (start: number) => ChildProcess
  /** Opens the store that the writer wrote to. Built anew after each kill, and closed before the next writer starts. */
  readonly open: Layer.Layer<Repositories, E>
  /** How many writers are killed. */
  readonly rounds?: number
  readonly seed?: number
  /** A writer is killed after at most so many acknowledgements, and at most so many milliseconds after the last. */
  readonly acknowledgements?: number
  readonly delayMillis?: number
}

/** Runs one writer until its end, killed with SIGKILL; gives back what it acknowledged. */
const runAndKill = (child: ChildProcess, acknowledgements: number, delayMillis: number) =>
  Effect.callback<ReadonlyArray<number>, Error>((resume) => {
    let text = ""
    let timer: ReturnType<typeof setTimeout> | undefined
    const complete = () => text.split("\n").slice(0, -1)
    child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk
      if (timer === undefined && complete().length >= acknowledgements) {
        timer = setTimeout(() => child.kill("SIGKILL"), delayMillis)
      }
    })
    child.on("error", (error) => resume(Effect.fail(error)))
    child.on("close", (code, signal) => {
      clearTimeout(timer)
      const lines = complete()
      const strange = lines.find((line) => !/^ack [0-9]+$/.test(line))
      if (signal !== "SIGKILL")
        return resume(Effect.fail(new Error(`the writer ended by itself (${code ?? signal})`)))
      if (strange !== undefined)
        return resume(Effect.fail(new Error(`the writer printed ${JSON.stringify(strange)}`)))
      resume(Effect.succeed(lines.map((line) => Number(line.slice(4)))))
    })
    return Effect.sync(() => {
      clearTimeout(timer)
      child.kill("SIGKILL")
    })
  })

/** Looks at the whole store; the highest number found in it. */
const check = (acknowledged: ReadonlySet<number>) =>
  Effect.gen(function* () {
    const customers = yield* CustomerRepository
    const cards = yield* CardRepository
    const merchant = yield* crashMerchant
    const stored = yield* customers.getMany(merchant.id, yield* idsOf(merchant.id))
    const listed = yield* cards.list(merchant.id, { after: null, limit: 1_000_000 })
    const keyOf = (customer: Customer) => customer.externalIds.find((id) => id.system === system)?.key
    const numbered = stored.filter((customer) => keyOf(customer) !== counterKey)
    const numbers = numbered.map((customer) => Number(keyOf(customer)))
    const present = new Set(numbers)
    const lost = [...acknowledged].filter((n) => !present.has(n))
    assert.deepStrictEqual(lost, [], "acknowledged before the kill and gone after it")
    assert.strictEqual(present.size, numbered.length, "each number is stored once")
    for (const customer of numbered) {
      const n = Number(keyOf(customer))
      const { externalIds, firstName, lastName, notes, phone } = customer
      assert.deepStrictEqual(
        { externalIds, firstName, lastName, phone, notes },
        customerFields(n),
        "half-written customer"
      )
      const own = listed.filter(({ customerId }) => customerId === customer.id)
      assert.deepStrictEqual(
        own.map(({ number }) => number),
        [cardNumber(n)],
        `half-written unit: the card of ${n}`
      )
      const found = yield* cards.find(merchant.id, { by: "number", number: cardNumber(n) })
      assert.strictEqual(
        Option.getOrNull(found)?.customerId,
        customer.id,
        `half-written index: the card of ${n}`
      )
      assert.strictEqual(
        (yield* byKey(merchant, String(n)))?.id,
        customer.id,
        `half-written index: the key of ${n}`
      )
    }
    assert.strictEqual(listed.length, numbered.length, "half-written unit: a card without its customer")
    const highest = numbers.reduce((max, n) => Math.max(max, n), -1)
    const counter = yield* byKey(merchant, counterKey)
    const said = counter === null ? -1 : Number(counter.notes)
    assert.strictEqual(said, highest, "half-written unit: the counter and the newest customer disagree")
    yield* feedAgrees(merchant.id)
    return highest
  })

const killRounds = <E>(options: CrashOptions<E>, random: Random) =>
  Effect.gen(function* () {
    const acknowledged = new Set<number>()
    let next = 1
    for (let round = 0; round < (options.rounds ?? 20); round++) {
      const acks = 1 + random.below(options.acknowledgements ?? 40)
      const lines = yield* runAndKill(
        options.spawnWriter(next),
        acks,
        random.below((options.delayMillis ?? 20) + 1)
      )
      for (const n of lines) {
        assert.strictEqual(n, next, "the writer acknowledges each number in turn, from the one it was given")
        acknowledged.add(n)
        next += 1
      }
      const highest = yield* Effect.provide(check(acknowledged), options.open, { local: true })
      next = Math.max(next, highest + 1)
    }
    assert.isAbove(acknowledged.size, 0)
  })

/** The cases of the crash suite, as data. They start processes and wait for real time: run them with real clocks. */
export const crashCases = <E>(options: CrashOptions<E>): ReadonlyArray<Case<never>> => [
  randomCase(
    "after kill -9 everything that was acknowledged is there, nothing is half-written and the feed agrees with the store",
    settingsOf(options.seed === undefined ? {} : { seed: options.seed }),
    1,
    (random) => killRounds(options, random)
  )
]

/** Registers the crash suite with vitest. */
export const crashSuite = <E>(name: string, options: CrashOptions<E>, timeout = 120_000): void => {
  describe(`crash: ${name}`, () => {
    for (const { run, title } of crashCases(options)) it.live(title, () => run, timeout)
  })
}
