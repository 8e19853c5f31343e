/** Faults planted in copies of the sources: each is caught by what the sources themselves pass. */
import { assert, describe, it } from "@effect/vitest"
import * as Polaris from "@tillbridge/polaris"
import * as Sync from "@tillbridge/sync"
import * as Virtpos from "@tillbridge/virtpos"
import { Cause, Effect, Exit } from "effect"
import { copyWith, type Edit } from "./mutants.ts"
import * as engine from "./scenarios.ts"
import * as sources from "./sources.ts"

interface Control<E> {
  readonly fault: string
  readonly edits: ReadonlyArray<Edit>
  readonly caughtBy: engine.Scenario<E>
}

const steps = (from: string, to: string): Edit => ({ file: "Steps.ts", from, to })

const ofEngine: ReadonlyArray<Control<engine.Engine>> = [
  {
    fault: "the checkpoint is written before the data",
    edits: [
      steps(
        "const outcomes = yield* writer.write(",
        "yield* atomically(advance({ ...run, state: after }))\n    const outcomes = yield* writer.write("
      )
    ],
    caughtBy: engine.losesNobodyWhenTheStoreFails
  },
  {
    fault: "a worker that was overtaken writes on",
    edits: [
      steps(
        "repository.advance(merchant, lease, run.state)",
        "Effect.ignore(repository.advance(merchant, lease, run.state))"
      )
    ],
    caughtBy: engine.writesNothingOnceOvertaken
  },
  {
    fault: "records that cannot be read are swallowed",
    edits: [
      steps(
        "const unreadable = (told.unreadable ?? []).map(letterOfUnreadable)",
        "const unreadable = (told.unreadable ?? []).slice(0, 0).map(letterOfUnreadable)"
      )
    ],
    caughtBy: engine.accountsForEveryRecord
  },
  {
    fault: "everybody is removed for an empty list",
    edits: [steps("if (run.counts.seen === 0 || !(", "if (!(")],
    caughtBy: engine.removesNobodyForAnEmptyList
  },
  {
    fault: "there is no limit to what is removed",
    edits: [
      steps("wanted * 100 <= known * maxDeletePercent", "wanted >= 0 && maxDeletePercent >= 0 && known >= 0")
    ],
    caughtBy: engine.removesNoMoreThanAllowed
  },
  {
    fault: "customers are removed after one sweep",
    edits: [
      steps("countUnseen(state.sweep - 2)", "countUnseen(state.sweep - 1)"),
      steps("removeUnseen(state.sweep - 2, over)", "removeUnseen(state.sweep - 1, over)")
    ],
    caughtBy: engine.removesAfterTwoSweepsOnly
  },
  {
    fault: "customers are not known by what the vendor calls them",
    edits: [
      {
        file: "StoreWriter.ts",
        from: "const externalIds = [...(customer.externalIds ?? []), source]",
        to: "const externalIds = [...(customer.externalIds ?? []), source].slice(0, -1)"
      }
    ],
    caughtBy: engine.knowsEverybodyAgain
  },
  {
    fault: "pages that repeat are taken for more",
    edits: [steps("isRepeated = page.hasMore &&", "isRepeated = !page.hasMore &&")],
    caughtBy: engine.endsAtARepeatedPage
  },
  {
    fault: "what was edited here is written over",
    edits: [{ file: "StoreWriter.ts", from: "if (isEdited && ", to: "if (!isEdited && " }],
    caughtBy: engine.keepsNewerEdits
  },
  {
    fault: "what the vendor told before wins over what it told since",
    edits: [
      { file: "Mark.ts", from: "other !== null && stamp < other", to: "other !== null && stamp !== stamp" }
    ],
    caughtBy: engine.keepsNewerTellings
  },
  {
    fault: "its own writes are taken for news",
    edits: [
      {
        file: "Sift.ts",
        from: "if (record.fromMark !== null || record.sent === null) return false",
        to: "if (record.fromMark !== null || record.sent !== null) return false"
      }
    ],
    caughtBy: engine.knowsItsOwnWrites
  },
  {
    fault: "records of another charset are written with their letters lost",
    edits: [{ file: "Replay.ts", from: 'payload.includes("\\ufffd")', to: "payload.length < 0" }],
    caughtBy: engine.replaysNothingDamaged
  }
]

const ofSources: ReadonlyArray<Control<typeof Polaris>> = [
  {
    fault: "only what is later than the last stamp is asked for",
    edits: [
      {
        file: "internal/place.ts",
        from: "isAfter: place.isCrowded && back === 0",
        to: "isAfter: place.isCrowded || back === 0"
      }
    ],
    caughtBy: sources.tellsEverybodyOfAMoment
  },
  {
    fault: "nothing before the last stamp is read again",
    edits: [
      {
        file: "internal/place.ts",
        from: "{ at: reached - wait - meanwhile, isAfter: false }",
        to: "{ at: Math.max(reached, reached - wait - meanwhile), isAfter: false }"
      }
    ],
    caughtBy: sources.tellsWhoComesLate
  }
]

const ofClients: ReadonlyArray<Control<typeof Virtpos>> = [
  {
    fault: "the key is in the message of an error",
    edits: [
      {
        file: "VirtposClient.ts",
        from: "new SourceError({ dialect: DIALECT, operation, reason })",
        to: "new SourceError({ dialect: DIALECT, operation: operation + Redacted.value(apiKey), reason })"
      }
    ],
    caughtBy: sources.keepsTheKeyToItself
  }
]

const catches = async <E>(original: E, name: string, { caughtBy, edits }: Control<E>) => {
  const passed = await Effect.runPromiseExit(caughtBy(original))
  assert.isTrue(Exit.isSuccess(passed), Exit.isFailure(passed) ? Cause.pretty(passed.cause) : "")
  const { loaded, remove } = await copyWith<E>(name, edits)
  try {
    const failed = await Effect.runPromiseExit(caughtBy(loaded))
    if (Exit.isSuccess(failed)) assert.fail("nothing noticed it")
    const error = Cause.squash(failed.cause)
    assert.strictEqual((error as Error).name, "AssertionError", Cause.pretty(failed.cause))
  } finally {
    remove()
  }
}

describe("a planted fault is caught", () => {
  for (const control of ofEngine) it(control.fault, () => catches(Sync, "sync", control))
  for (const control of ofSources) it(control.fault, () => catches(Polaris, "polaris", control))
  for (const control of ofClients) it(control.fault, () => catches(Virtpos, "virtpos", control))
})
