import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type Bench, makeBench } from "./support/cli.ts"

let bench: Bench
beforeEach(() => {
  bench = makeBench()
})
afterEach(() => bench.remove())

/** As VirtualPOS answers, with white space as on the vendor's page. */
const virtpos = (customers: ReadonlyArray<string>) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<root>\n\t<success>1</success>\n\t<type>customer</type>\n` +
  `\t<count>${customers.length}</count>\n\t<customers>\n${customers.join("\n")}\n\t</customers>\n</root>\n`

const anna =
  `<customer><id>7</id><fname>Анна</fname><lname>Иванова</lname><email>anna@example.test</email><phone>+79990000001</phone>` +
  `<gender>F</gender><birth_day>24</birth_day><register_date>2016-07-18 13:54:37</register_date>` +
  `<group_name>VIP</group_name><cards><card><uid>0079001</uid><status>ACTIVE</status></card></cards></customer>`
const boris =
  "<customer><id>8</id><fname>Борис</fname><register_date>2020-02-29 00:00:00</register_date></customer>"

interface MegawinAnswer {
  readonly success: string
  readonly result: { readonly customer: ReadonlyArray<Record<string, unknown>> }
}

describe("convert", { timeout: 60_000 }, () => {
  it("turns one vendor's answer into another's, and tells what was not carried", async () => {
    writeFileSync(bench.path("answer.xml"), virtpos([anna, boris]))
    const { code, stderr, stdout } = await bench.run([
      "convert",
      "--from",
      "virtpos",
      "--to",
      "megawin",
      "answer.xml"
    ])
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        "Converted 2 customers with 1 card from virtpos to megawin.\n" +
        "Not carried by megawin, by customers: gender 1, birthDate.day 1, cards 1.\n"
    })
    const answer = JSON.parse(stdout) as MegawinAnswer
    expect(answer.success).toBe("true")
    expect(answer.result.customer).toMatchObject([
      {
        clcleunik: "7",
        firstName: "Анна",
        lastName: "Иванова",
        email: "anna@example.test",
        phone: "+79990000001",
        groupePrice: "VIP",
        addedDate: "2016-07-18",
        addHour: "13:54:37"
      },
      { clcleunik: "8", firstName: "Борис", addedDate: "2020-02-29", addHour: "00:00:00" }
    ])
  })

  it("says how many follow where the vendor does, also of what comes through a pipe", async () => {
    const temporary = mkdtempSync(join(bench.folder, "tmp-"))
    const first = await bench.run(["convert", "--from", "virtpos", "--to", "megawin", "-"], {
      input: virtpos([anna, boris])
    })
    const back = await bench.run(
      ["convert", "--from", "megawin", "--to", "virtpos", "--format", "json", "--time-zone", "Europe/Moscow"],
      { input: first.stdout, env: { TMPDIR: temporary } }
    )
    expect(back.code, back.stderr).toBe(0)
    const answer = JSON.parse(back.stdout) as { readonly customers: ReadonlyArray<unknown> }
    expect(answer).toMatchObject({ success: 1, type: "customer", count: 2 })
    expect(answer.customers).toMatchObject([
      { id: "7", fname: "Анна", register_date: "2016-07-18 13:54:37", group_name: "VIP" },
      { id: "8", fname: "Борис" }
    ])
    expect(readdirSync(temporary)).toEqual([])
  })

  it.each(["xml", "json"])("goes by way of Polaris as %s, with names, keys and cards", async (format) => {
    const keyed = anna.replace("</customer>", "<external_id>A-7</external_id></customer>")
    const there = await bench.run(["convert", "--from", "virtpos", "--to", "polaris", "--format", format], {
      input: virtpos([keyed])
    })
    expect(there.code, there.stderr).toBe(0)
    const back = await bench.run(["convert", "--from", "polaris", "--to", "virtpos", "--format", "json"], {
      input: there.stdout
    })
    expect(JSON.parse(back.stdout)).toMatchObject({
      count: 1,
      customers: [
        {
          id: "7",
          external_id: "A-7",
          fname: "Анна",
          lname: "Иванова",
          gender: "F",
          birth_day: null,
          cards: [{ uid: "0079001", status: "ACTIVE" }]
        }
      ]
    })
  })

  it("makes one customer of the rows that a vendor writes for its cards, where they follow each other", async () => {
    const row = (client: number, card: number) =>
      `{"Client":${client},"Card":${card},"OutNumber":null,"Virtual":true,"Card_Type":"Gold","Card_Status":"Active",` +
      `"RegPos":1,"RegPosName":"North","RegDate":"2024-04-24T10:15:00"}`
    const rows = [row(5, 79001), row(5, 79002), "7", row(6, 79003), row(5, 79004)]
    const { code, stderr, stdout } = await bench.run(
      ["convert", "--from", "lcmanager", "--to", "virtpos", "--format", "json"],
      { input: `{"Clients":[${rows.join(",")}],"ErrorCode":0,"Message":""}` }
    )
    expect(code).toBe(1)
    expect(stderr).toContain("record 3 cannot be read: ")
    const { count, customers } = JSON.parse(stdout) as {
      readonly count: number
      readonly customers: ReadonlyArray<{
        readonly id: string
        readonly cards: ReadonlyArray<{ readonly uid: string }>
      }>
    }
    expect(count).toBe(3)
    expect(customers.map(({ cards, id }) => [id, cards.map(({ uid }) => uid)])).toEqual([
      ["5", ["79001", "79002"]],
      ["6", ["79003"]],
      ["5", ["79004"]]
    ])
  })

  it("leaves out records that cannot be read, names them, and ends with 1", async () => {
    writeFileSync(
      bench.path("answer.xml"),
      virtpos(
        [anna, "<customer><id>x</id></customer>", boris, "<customer><id>9</id><a></customer>"].slice(0, 3)
      )
    )
    const plain = await bench.run(["convert", "--from", "virtpos", "--to", "megawin", "answer.xml"])
    expect(plain.code).toBe(1)
    expect(plain.stderr).toContain("record 2 cannot be read: id: must be a whole number\n")
    expect((JSON.parse(plain.stdout) as MegawinAnswer).result.customer).toHaveLength(2)

    const json = await bench.run(["convert", "--from", "virtpos", "--to", "virtpos", "answer.xml", "--json"])
    expect(json.code).toBe(1)
    expect(json.stdout).toContain("<count>2</count>")
    expect(JSON.parse(json.stderr)).toEqual({
      event: "done",
      from: "virtpos",
      to: "virtpos",
      customers: 2,
      cards: 1,
      lost: {},
      changed: {},
      unreadable: 1,
      unreadableRecords: [{ number: 2, reason: "id: must be a whole number" }]
    })
  })

  it("writes a file when it is complete, and never the one that it reads", async () => {
    writeFileSync(bench.path("answer.xml"), virtpos([anna]))
    const args = ["convert", "--from", "virtpos", "--to", "megawin"]
    const done = await bench.run([...args, "--out", "new.json", "answer.xml"])
    expect(done).toMatchObject({ code: 0, stdout: "" })
    const written = readFileSync(bench.path("new.json"), "utf8")
    expect((JSON.parse(written) as MegawinAnswer).result.customer).toHaveLength(1)

    writeFileSync(bench.path("cut.xml"), virtpos([anna, boris]).slice(0, -30))
    const cut = await bench.run([...args, "--out", "new.json", "cut.xml"])
    expect(cut).toMatchObject({
      code: 2,
      stdout: "",
      stderr:
        "tillbridge: cut.xml is no list of customers from virtpos: the answer cannot be read: cut off before its end\n"
    })
    expect(readFileSync(bench.path("new.json"), "utf8")).toBe(written)
    expect(readdirSync(bench.folder).filter((name) => name.endsWith(".tmp"))).toEqual([])

    const over = await bench.run([...args, "--out", "./answer.xml", "answer.xml"])
    expect(over).toMatchObject({ code: 2, stderr: "tillbridge: --out must not name the file that is read\n" })
  })

  it("passes on what a vendor said in an error answer, and writes nothing", async () => {
    const { code, stderr, stdout } = await bench.run(["convert", "--from", "virtpos", "--to", "megawin"], {
      input: '{"success":0,"info":"no such customer"}'
    })
    expect({ code, stderr, stdout }).toEqual({
      code: 1,
      stderr: "tillbridge: standard input says that virtpos refused: no such customer\n",
      stdout: ""
    })
  })

  it.each([
    [
      ["--from", "virtpos", "--to", "megawin"],
      "nonsense",
      /standard input is no list of customers from virtpos/
    ],
    [
      ["--from", "megawin", "--to", "virtpos"],
      virtpos([]),
      /standard input is no list of customers from megawin/
    ],
    [
      ["--from", "virtpos", "--to", "megawin", "--format", "xml"],
      "",
      /megawin answers are json only, not xml/
    ],
    [
      ["--from", "virtpos", "--to", "megawin", "--time-zone", "Mars/Olympus"],
      "",
      /--time-zone must be a zone/
    ],
    [["--from", "virtpos", "--to", "virtpos", "--external-system", ""], "", /--external-system must have/],
    [["--from", "virtpos", "--to", "megawin", "missing.xml"], "", /cannot read missing\.xml: no such file/],
    [["--from", "virtpos", "--to", "megwin"], "", /--to cannot be "megwin".*Did you mean "megawin"/],
    [["--from", "virtpos"], "", /"tillbridge convert" needs --to/]
  ])("refuses %j in one line", async (args, input, line) => {
    const { code, stderr, stdout } = await bench.run(["convert", ...args], { input })
    expect(code).toBe(2)
    expect(stderr).toMatch(line)
    expect(stderr.trimEnd().split("\n")).toHaveLength(1)
    expect(stdout).toBe("")
  })

  it("takes one key for another's with --external-system", async () => {
    const keyed = "<customer><id>7</id><external_id>A-7</external_id></customer>"
    const { stdout } = await bench.run(
      ["convert", "--from", "virtpos", "--to", "virtpos", "--external-system", "shop"],
      {
        input: virtpos([keyed])
      }
    )
    expect(stdout).toContain("<external_id>A-7</external_id>")
  })

  it("keeps memory flat", async () => {
    const { VmHWM: small } = await peak(2_000)
    const { VmHWM: large } = await peak(20_000)
    expect(large - small).toBeLessThan(48 * 1024)
  })
})

/** Peak memory in KiB of a run on so many customers; each is about 400 bytes. */
const peak = async (count: number): Promise<{ readonly VmHWM: number }> => {
  const { child, ended } = bench.start(["convert", "--from", "virtpos", "--to", "megawin", "--json"])
  let most = 0
  const look = () => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8")
      most = Math.max(most, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))
    } catch {}
  }
  child.stdout.on("data", look)
  child.stdin.end(virtpos(Array.from({ length: count }, (_, at) => anna.replace(">7<", `>${at + 1}<`))))
  const { code, stderr } = await ended
  expect(code, stderr).toBe(0)
  expect(JSON.parse(stderr)).toMatchObject({ customers: count, cards: count })
  return { VmHWM: most }
}
