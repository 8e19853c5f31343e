/** The lines that `serve --demo` prints, pasted into a shell as they stand. */
import { execFile } from "node:child_process"
import { afterAll, describe, expect, it } from "vitest"
import { makeBench } from "./support/cli.ts"

const bench = makeBench()
afterAll(bench.remove)

/** Dialects and their lines, from what a person reads. */
const linesIn = (printed: string): ReadonlyMap<string, string> =>
  new Map(
    printed
      .split("\n\n")
      .slice(1)
      .map((block) => {
        const [name = "", ...lines] = block.trimEnd().split("\n")
        return [name, lines.join("\n")]
      })
  )

const bash = (
  line: string
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve) => {
    const child = execFile("bash", ["-c", line], { cwd: bench.folder }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
    )
    child.stdin?.end()
  })

const expected: Readonly<Record<string, (answer: string) => void>> = {
  virtpos: (answer) => {
    expect(answer).toContain(
      `<root><success>1</success><type>customer</type><count>1</count><customers><customer><id>1</id><fname>Сергей</fname><lname>Иванов</lname>`
    )
    expect(answer).toContain("<register_date>2016-07-18 13:54:37</register_date>")
  },
  polaris: (answer) => {
    expect(answer).toContain("<IDClient>1</IDClient>")
    expect(answer).toContain("<Nom>Иванов</Nom>")
  },
  lcmanager: (answer) => {
    expect(JSON.parse(answer)).toEqual({
      Clients: [
        {
          Client: 1,
          Card: 1,
          OutNumber: 1,
          Virtual: true,
          Card_Type: "sample string 1",
          Card_Status: "sample string 2",
          RegPos: 1,
          RegPosName: "sample string 3",
          RegDate: "2024-04-25T00:23:55.8646615"
        }
      ],
      ErrorCode: 0,
      Message: expect.anything()
    })
  },
  megawin: (answer) => {
    expect(JSON.parse(answer)).toEqual({
      success: "true",
      message: "Customers list",
      result: {
        customer: [
          {
            clcleunik: "1",
            customerNumber: "C123",
            groupePrice: "Group A",
            login: "jdoe",
            password: expect.stringMatching(/^.{20,}$/),
            lastName: "Doe",
            firstName: "John",
            address: "123 Main St",
            zipcode: "12345",
            city: "Anytown",
            country: "USA",
            phone: "555-1234",
            cellphone: "555-5678",
            email: "jdoe@example.com",
            denomination: "John Doe Inc.",
            tvaNumber: "TVA123456",
            addedDate: "2024-01-01",
            addHour: "12:34:56",
            language: "EN",
            showPrice: true,
            webRemise: 10,
            megawinapp_login: "jdoe_mwa"
          }
        ]
      }
    })
  }
}

describe("serve --demo", { timeout: 60_000 }, () => {
  for (const mount of ["", "/fr"]) {
    it(`prints a line for each dialect that answers the record of its page${mount && " below a mount"}`, async () => {
      const env =
        mount === ""
          ? {}
          : {
              TILLBRIDGE_DIALECTS: Object.keys(expected)
                .map((id) => `${id}=${mount}`)
                .join(",")
            }
      const { child, ended } = bench.start(["serve", "--demo", "--port", "0"], env)
      let printed = ""
      await new Promise<void>((resolve, reject) => {
        child.stdout.on("data", (chunk: string) => {
          printed += chunk
          if (printed.split("\n\n").length > Object.keys(expected).length && printed.endsWith("\n")) resolve()
        })
        void ended.then(({ code, stderr }) => reject(new Error(`ended with ${code}: ${stderr}`)))
      })
      const lines = linesIn(printed)
      expect([...lines.keys()]).toEqual(Object.keys(expected))
      for (const [dialect, line] of lines) {
        const { code, stdout, stderr } = await bash(line)
        expect(code, `${line}\n${stderr}`).toBe(0)
        expected[dialect]!(stdout)
        expect(line).toContain("curl")
        if (mount !== "") expect(line).toContain(mount)
      }
      child.kill("SIGTERM")
      expect((await ended).code).toBe(0)
    })
  }
})
