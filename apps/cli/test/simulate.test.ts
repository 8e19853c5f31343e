import { afterAll, describe, expect, it } from "vitest"
import { makeBench } from "./support/cli.ts"

const bench = makeBench()
afterAll(bench.remove)

/** What it prints until it listens. */
const listening = async (args: ReadonlyArray<string>) => {
  const { child, ended } = bench.start(["simulate", ...args])
  let printed = ""
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk: string) => {
      printed += chunk
      if (/remotes add .*\n$/.test(printed) || printed.includes('"listening"')) resolve()
    })
    void ended.then(({ code, stderr }) => reject(new Error(`ended with ${code}: ${stderr}`)))
  })
  return { printed, child, ended }
}

describe("simulate", { timeout: 30_000 }, () => {
  it("plays a vendor with the faults that were asked for, and ends well when it is stopped", async () => {
    const { child, ended, printed } = await listening(
      "virtpos --port 0 --customers 12 --seed 3 --fault status=503@nth=2 --changing 1/s".split(" ")
    )
    const url = /simulated on (\S+) with 12 invented customers/.exec(printed)?.[1]
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(printed).toContain("Credentials: key demo\n")
    expect(printed).toContain("Faults: status=503@nth=2\n")
    expect(printed).toContain("Changing: 1 rows a second\n")
    expect(printed).toContain(`curl '${url}/api/customer?apikey=demo&format=xml&id=1'`)
    expect(printed).toContain(
      `export SIMULATED_SECRET=demo\ntillbridge remotes add simulated --dialect virtpos --url ${url} `
    )
    const list = () => fetch(`${url}/api/customer?apikey=demo&format=json`)
    const first = (await (await list()).json()) as { readonly count: number }
    expect(first.count).toBeGreaterThan(8)
    expect((await list()).status).toBe(503)
    child.kill("SIGTERM")
    expect((await ended).code).toBe(0)
  })

  it("refuses what it cannot be, in words that tell what there is", async () => {
    const refused = async (args: string) => bench.run(["simulate", ...args.split(" ")])
    const [fault, kinds] = await Promise.all([
      refused("polaris --fault sttus=503"),
      refused("polaris --fault list --json")
    ])
    expect(fault).toMatchObject({ code: 2, stdout: "" })
    expect(fault.stderr).toMatch(
      /^tillbridge: --fault: "sttus" is no fault\. There are: 401, 429.*zero-rows\n$/
    )
    expect(kinds.code).toBe(0)
    expect((JSON.parse(kinds.stdout) as { faults: ReadonlyArray<string> }).faults).toContain("latency=2s")
  })
})
