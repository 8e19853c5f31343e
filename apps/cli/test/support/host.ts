// Runs command lines one after another as main.ts runs its own, in a process that has loaded the program once. The
// parent sends a `Task`; what a command prints goes to the process's own streams, and `mark` ends it on both of them.
import "effect/schema/SchemaJITCompiler/enable"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import { writeSync } from "node:fs"
import { flushCompileCache } from "node:module"
import { Readable } from "node:stream"
import { endingOf, report } from "../../src/Report.ts"
import { run, wantsJson } from "../../src/run.ts"

export interface Task {
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  readonly folder: string
  readonly input: Uint8Array
  readonly mark: string
}

const perform = async ({ args, env, folder, input, mark }: Task): Promise<void> => {
  process.chdir(folder)
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name]
  Object.assign(process.env, env)
  const stdin = new Readable({ read: () => {} })
  if (input.length > 0) stdin.push(Buffer.from(input))
  stdin.push(null)
  Object.defineProperty(process, "stdin", { value: stdin, configurable: true })
  const exit = await Effect.runPromiseExit(run(args).pipe(Effect.provide(NodeServices.layer)))
  const ending = endingOf(exit)
  report(ending, wantsJson(args))
  const end = `${mark}${ending.exitCode}\n`
  await new Promise<void>((resolve) => process.stdout.write(end, () => resolve()))
  writeSync(2, end)
  flushCompileCache()
}

let last: Promise<void> = Promise.resolve()
process.on("message", (task: Task) => {
  last = last.then(() => perform(task))
})
process.on("disconnect", () => process.exit())
