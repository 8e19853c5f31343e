/** A guide's shell commands with what it says they print, and a shell that runs them as a reader would. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { start } from "../../apps/cli/test/support/inProcess.ts"
import { root } from "./workspaces.ts"

/** One block of commands. `shown` is what the guide says they print, without the blank lines at both ends. */
export interface Step {
  readonly commands: string
  readonly shown: string
  /** From a comment `exit code N`; 0 without one. */
  readonly exitCode: number
  /** Runs on behind what follows. */
  readonly inBackground: boolean
  /** Is broken off, as a comment with Ctrl-C says. */
  readonly isInterrupted: boolean
}

/** Every ```sh block, with the ```text block that follows it. */
export const stepsOf = (text: string): ReadonlyArray<Step> =>
  [...text.matchAll(/^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms)].map(
    ([, commands = "", shown = ""]) => ({
      commands,
      shown: shown.trimEnd(),
      exitCode: Number(/# .*exit code (\d+)\s*$/m.exec(commands)?.[1] ?? 0),
      inBackground: /&\s*$/.test(commands),
      isInterrupted: /# Ctrl-C/.test(commands)
    })
  )

/** The guide with what was printed in the place of what it shows. */
export const withOutputs = (text: string, outputs: ReadonlyArray<string>): string => {
  let at = 0
  return text.replace(/^(```sh\n.*?^```\n)(\n```text\n.*?^```\n)?/gms, (_, commands: string) => {
    const output = outputs[at++] ?? ""
    return output === "" ? commands : `${commands}\n\`\`\`text\n${output}\n\`\`\`\n`
  })
}

const masks: ReadonlyArray<readonly [RegExp, string]> = [
  // A run that takes long says every ten seconds how far it is.
  [/^\S+ → \S+  .*page \d+.*\n/gm, ""],
  // The shell's own words about its jobs.
  [/^(?:\[\d+\]|\S+: line \d+: +\d+ ).*\n?/gm, ""],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?/g, "TIME"],
  [/\b[\d.]+ (?:ms|s)\b/g, "N s"],
  [/\([\d,]+\/s/g, "(N/s"],
  // Several are written at once, so that their numbers and the requests of a run vary a little.
  [/\d\d+ requests/g, "N requests"],
  [/"id":\d+/g, '"id":N'],
  [/ago|as here|[\d.,]+ \w+ (?:ahead|behind)/g, "CLOCK"],
  [/ +/g, " "]
]

/** A text without what differs from run to run. */
export const masked = (text: string): string =>
  masks.reduce((rest, [pattern, by]) => rest.replace(pattern, by), `${text.trim()}\n`).trim()

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on("error", reject).listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const client = join(root, "test", "support", "guideClient.mjs")

/**
 * `npx` without npm: what stays or is broken off is a process of its own, from the sources. The rest is handed to this
 * process, which has loaded the program once, and comes back as its output with the exit code behind the last colon.
 */
const npxOf = (folder: string): string => `#!/bin/sh
program="$1"; shift
case "$program" in
  tillbridge) main=apps/cli/src/main.ts ;;
  tillbridge-worker) main=apps/worker/src/main.ts ;;
  *) echo "npx: no $program here" >&2; exit 127 ;;
esac
case "$ALONE$program $1" in
  yes*|tillbridge-worker*|*simulate|*serve)
    echo $$ > '${folder}/last-pid'
    exec '${process.execPath}' --conditions=@tillbridge/source "${root}/$main" "$@" ;;
esac
exec '${process.execPath}' '${client}' '${folder}/commands' "$@"
`

/** Runs the commands that come by the socket, as `main.ts` runs them, one after another. */
const performCommands = async (socket: string): Promise<Server> => {
  const home = process.cwd()
  const server = createServer((request, response) => {
    let text = ""
    request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
    request.on("end", () => {
      const [folder = "", ...args] = JSON.parse(text) as ReadonlyArray<string>
      process.chdir(folder)
      start(args)
        .ended.then(
          ({ code, stderr, stdout }) => response.end(`${stdout}${stderr}:${code}`),
          (error: unknown) => response.end(`${String(error)}:70`)
        )
        .finally(() => process.chdir(home))
    })
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return server
}

export interface Printed {
  readonly exitCode: number
  readonly output: string
}

/** A shell in an empty folder, with an empty home and free ports in the place of the guide's. */
export const openShell = async (guide: string) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tillbridge-guide-")))
  const place = (name: string) => join(folder, name)
  for (const name of ["home", "bin", "checkout"]) mkdirSync(place(name))
  writeFileSync(place("bin/npx"), npxOf(folder))
  chmodSync(place("bin/npx"), 0o755)
  if (spawnSync("curl", ["--version"]).status !== 0) {
    writeFileSync(place("bin/curl"), `#!/bin/sh\nexec '${process.execPath}' '${client}' curl "$@"\n`)
    chmodSync(place("bin/curl"), 0o755)
  }
  const commands = await performCommands(place("commands"))
  const ports = new Map<string, string>()
  for (const [, port = ""] of guide.matchAll(/(?:--port |127\.0\.0\.1:)(\d+)/g))
    if (!ports.has(port)) ports.set(port, String(await freePort()))
  const swap = (text: string, pairs: Iterable<readonly [string, string]>) =>
    [...pairs].reduce(
      (rest, [from, to]) => rest.replace(new RegExp(`(--port |127\\.0\\.0\\.1:)${from}\\b`, "g"), `$1${to}`),
      text
    )
  const portOf = (port: string): string => ports.get(port) ?? port

  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(TILLBRIDGE_|NODE_OPTIONS|VITEST|FORCE_COLOR|XDG_|npm_|BASH_ENV|ENV$)/i.test(name)
  )
  const shell: ChildProcess = spawn("bash", ["--noprofile", "--norc"], {
    cwd: place("checkout"),
    detached: true,
    env: {
      ...Object.fromEntries(kept),
      HOME: place("home"),
      PATH: `${place("bin")}:${process.env["PATH"] ?? ""}`,
      LC_ALL: "C.UTF-8"
    },
    stdio: ["pipe", "pipe", "ignore"]
  })
  let text = ""
  shell.stdout!.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
  const say = (line: string) => shell.stdin!.write(`${line}\n`)
  // With jobs of its own, as a terminal's shell; everything that is printed comes in its order.
  say("set -m; exec 2>&1")

  const cleaned = (output: string): string =>
    swap(
      output,
      [...ports].map(([shown, real]) => [real, shown] as const)
    )
      .replaceAll(place("checkout"), "…")
      .replace(/^\n+|\s+$/g, "")

  const until = async (isThere: () => boolean | Promise<boolean>, what: string): Promise<void> => {
    const end = performance.now() + 50_000
    while (!(await isThere())) {
      if (performance.now() > end) throw new Error(`${what} did not come. The shell printed:\n${text}`)
      await sleep(20)
    }
  }

  let steps = 0
  const run = async (step: Step, interruptWhen: () => Promise<boolean>): Promise<Printed> => {
    const at = `${folder}/${++steps}.sh`
    const mark = `:${steps}: ended with `
    writeFileSync(at, swap(step.commands, ports))
    rmSync(place("last-pid"), { force: true })
    text = ""
    say(`export ALONE=${step.isInterrupted ? "yes" : ""}`)
    say(`. '${at}' < /dev/null; echo "${mark}$?"`)
    const isOver = () => new RegExp(`${mark}\\d+\\n`).test(text)
    if (step.isInterrupted) {
      await until(interruptWhen, "the moment for Ctrl-C")
      process.kill(-Number(readFileSync(place("last-pid"), "utf8")), "SIGINT")
    }
    await until(isOver, `the end of ${JSON.stringify(step.commands)}`)
    const exitCode = Number(new RegExp(`${mark}(\\d+)`).exec(text)![1])
    const output = () => cleaned(text.replace(new RegExp(`${mark}\\d+\\n`), ""))
    if (step.inBackground) {
      const lines = step.shown.split("\n").length
      await until(() => output().split("\n").length >= lines && output() !== "", "what it prints")
      await sleep(50)
    }
    return { exitCode, output: output() }
  }

  /** Ends every process that the guide started. */
  const close = async (): Promise<void> => {
    const ended = new Promise((resolve) => shell.on("exit", resolve))
    say("kill $(jobs -p) 2>/dev/null; wait; exit")
    await Promise.race([ended, sleep(10_000)])
    if (shell.exitCode === null) process.kill(-shell.pid!, "SIGKILL")
    commands.close()
    rmSync(folder, { recursive: true, force: true })
  }

  return { run, portOf, close }
}
