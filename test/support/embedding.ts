/** Runs the programs of docs/embedding, as a reader who has copied them into a project would. */
import { simulate } from "@tillbridge/server"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { copyFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./workspaces.ts"

export const programs = ["read-customers.ts", "serve-dialect.ts", "mirror.ts"] as const

/** Gives what a program prints, both streams together, until it ends or `until` has had its way with it. */
const printed = async (
  folder: string,
  args: ReadonlyArray<string>,
  key: string,
  until?: (text: string) => Promise<string | undefined>
): Promise<string> => {
  const env = { PATH: process.env["PATH"], API_KEY: key }
  const child = spawn(process.execPath, args, { cwd: folder, env, timeout: 60_000 })
  const ended = once(child, "close")
  let text = ""
  let answer: string | undefined
  const take = (chunk: Buffer) => {
    text += chunk.toString("utf8")
    if (answer === undefined)
      until?.(text).then(
        (found) => {
          if (found === undefined) return
          answer = found
          child.kill("SIGTERM")
        },
        (error: unknown) => {
          text += String(error)
          child.kill("SIGKILL")
        }
      )
  }
  child.stdout.on("data", take)
  child.stderr.on("data", take)
  await ended
  return answer ?? text
}

const ask = async (url: string, body?: string): Promise<string> => {
  const answer = await fetch(
    url,
    body === undefined ? {} : { method: "POST", body: new URLSearchParams(body) }
  )
  return answer.text()
}

/** Once it listens: a till writes, and the program's own route is asked. */
const asTill = async (text: string): Promise<string | undefined> => {
  const url = /Listening on (\S+)/.exec(text)?.[1]
  const key = /shown once: (\S+)/.exec(text)?.[1]
  if (url === undefined || key === undefined) return undefined
  const api = `${url}/api/customer/update?apikey=${key}&create_if_not_exist=1&format=json`
  return `${await ask(api, "fname=Anna")}\n${await ask(`${url}/how-many`)}`
}

/** What each program prints against a simulated vendor; the mirror runs twice, and a reader comes with a wrong key. */
export const runPrograms = (folder: string) =>
  Effect.gen(function* () {
    for (const name of programs) copyFileSync(join(root, "docs", "embedding", name), join(folder, name))
    const { url } = yield* simulate({ dialect: "virtpos", customers: 250 })
    const run = (program: string, at: string, key = "demo") =>
      Effect.promise(() => printed(folder, [program, at], key))
    return {
      read: yield* run("read-customers.ts", url),
      refused: yield* run("read-customers.ts", url, "wrong"),
      first: yield* run("mirror.ts", url),
      second: yield* run("mirror.ts", url),
      served: yield* Effect.promise(() =>
        printed(folder, ["serve-dialect.ts", "till.sqlite", "0"], "", asTill)
      )
    }
  }).pipe(Effect.scoped, Effect.runPromise)
