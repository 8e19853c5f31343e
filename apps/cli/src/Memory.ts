import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** Once the program is under way, so that nobody waits for it. */
const collectAfterMillis = 1_000

let isOwnProcess = false

/** Said by the program: a process that only calls the command line keeps its own ways with memory. */
export const ownProcess = (): void => {
  isOwnProcess = true
}

/**
 * For work that goes on. V8 would rather take memory than collect: this has its heap grow by a fifth at a time while
 * millions of records pass through, and gives back once what loading the program left, about 30 MB.
 */
export const keepMemoryFlat = (): void => {
  if (!isOwnProcess) return
  setFlagsFromString("--heap-growing-percent=20")
  setFlagsFromString("--expose-gc")
  const collect = runInNewContext("gc") as (options: {
    readonly type: "major"
    readonly execution: "sync"
    readonly flavor: "last-resort"
  }) => void
  setTimeout(
    () => collect({ type: "major", execution: "sync", flavor: "last-resort" }),
    collectAfterMillis
  ).unref()
}
