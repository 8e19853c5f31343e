/**
 * The misuse table: 22 ways to misuse a server, each tried on each dialect over a real socket, against the server as it
 * runs, with all dialects at once.
 */
import { Effect, Exit, Scope } from "effect"
import * as path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { bodyRows } from "./misuse/bodies.ts"
import { failureRows } from "./misuse/failure.ts"
import { identityRows, logInAll } from "./misuse/identity.ts"
import { sendMeasured, type Stage, testRow } from "./misuse/rows.ts"
import { secretRows } from "./misuse/secrets.ts"
import { fillShop } from "./misuse/shop.ts"
import { transportRows } from "./misuse/transport.ts"
import { valueRows } from "./misuse/values.ts"
import { running, tempFolder } from "./support.ts"

const rows = [
  ...identityRows,
  ...secretRows,
  ...valueRows,
  ...bodyRows,
  ...transportRows,
  ...failureRows
].sort((a, b) => a.number - b.number)

const scope = Effect.runSync(Scope.make())
let stage: Stage | undefined

beforeAll(async () => {
  stage = await Effect.runPromise(
    Scope.provide(
      Effect.gen(function* () {
        const folder = yield* tempFolder
        const file = path.join(folder, "store.sqlite")
        yield* fillShop(file)
        const { child, port, stderr, stdout, url } = yield* running({ path: file, proxies: ["127.0.0.1"] })
        return {
          port,
          url,
          pid: child.pid!,
          folder,
          send: sendMeasured(port, child.pid!),
          printed: () => stdout() + stderr()
        } satisfies Stage
      }),
      scope
    )
  )
  await logInAll(stage.port)
}, 60_000)

afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

describe("misuse", { timeout: 60_000 }, () => {
  for (const row of rows) testRow(row, () => stage!)

  it("has 22 rows", () => {
    assert.deepStrictEqual(
      rows.map(({ number }) => number),
      Array.from({ length: 22 }, (_, index) => index + 1)
    )
  })

  it("left the server without a defect", async () => {
    assert.notMatch(stage!.printed(), /Unhandled|"level":"(?:ERROR|FATAL)"|TypeError/)
    const { status } = await fetch(`${stage!.url}/readyz`)
    assert.strictEqual(status, 200)
  })
})
