/**
 * The guides do what they say: their commands are run as they stand there, and what they show is compared with what
 * comes. UPDATE_GUIDES=1 writes what comes into them instead.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { programs } from "./support/embedding.ts"
import { masked, openShell, stepsOf, withOutputs } from "./support/guide.ts"
import { root } from "./support/workspaces.ts"

describe("Moving a chain from Polaris to VirtualPOS", () => {
  const path = join(root, "docs", "moving-from-polaris-to-virtualpos.md")
  const guide = readFileSync(path, "utf8")
  const outputs: Array<string> = []
  let shell: Awaited<ReturnType<typeof openShell>>

  beforeAll(async () => {
    shell = await openShell(guide)
  })

  afterAll(async () => {
    await shell.close()
    if (process.env["UPDATE_GUIDES"] === "1") writeFileSync(path, withOutputs(guide, outputs))
  })

  /** Whether the first customer has arrived at the new system. */
  const hasBegun = async (): Promise<boolean> => {
    const url = `http://127.0.0.1:${shell.portOf("8092")}/api/customer?apikey=demo&format=json&limit=1`
    const answer = (await (await fetch(url)).json()) as { readonly count: number }
    return answer.count > 0
  }

  it.each(stepsOf(guide).map((step, at) => [at + 1, step.commands.split("\n")[0]!, step] as const))(
    "step %i: %s",
    async (_at, _line, step) => {
      const { exitCode, output } = await shell.run(step, hasBegun)
      outputs.push(output)
      expect(exitCode, output).toBe(step.exitCode)
      if (process.env["UPDATE_GUIDES"] !== "1") expect(masked(output)).toBe(masked(step.shown))
    }
  )
})

describe("Tillbridge in a program", () => {
  const text = readFileSync(join(root, "docs", "embedding.md"), "utf8")
  const shown = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, program]) => program)

  it("shows the programs as they stand in their files", () => {
    const files = programs.map((name) => readFileSync(join(root, "docs", "embedding", name), "utf8"))
    expect(shown).toEqual(files)
    for (const file of files) expect(file.split("\n").length).toBeLessThanOrEqual(40)
  })
})
