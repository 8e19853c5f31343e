// What a guide's shell finds in the place of a program. `SOCKET ARGUMENTS…` hands a command line to the test's process;
// `curl ARGUMENTS…` does what the guides ask of curl, on machines that have none.
import { request } from "node:http"

const [first, ...args] = process.argv.slice(2)

const send = (options, body) =>
  new Promise((resolve, reject) => {
    const call = request(options, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk))
      response.on("end", () => resolve(text))
    })
    call.on("error", reject).end(body)
  })

const curl = async () => {
  const headers = {}
  let body
  let url = ""
  for (let at = 0; at < args.length; at++) {
    if (args[at] === "-s") continue
    else if (args[at] === "-u") headers.authorization = `Basic ${btoa(args[++at])}`
    else if (args[at] === "-d") body = args[++at]
    else if (args[at] === "--data-urlencode")
      body = args[++at].replace(/=.*/s, (value) => `=${encodeURIComponent(value.slice(1))}`)
    else url = new URL(args[at])
  }
  if (body !== undefined) headers["content-type"] = "application/x-www-form-urlencoded"
  const { hostname, pathname, port, search } = url
  const method = body === undefined ? "GET" : "POST"
  return send({ hostname, port, path: pathname + search, method, headers }, body)
}

if (first === "curl") process.stdout.write(await curl())
else {
  const answer = await send({ socketPath: first, method: "POST" }, JSON.stringify([process.cwd(), ...args]))
  const end = answer.lastIndexOf(":")
  process.stdout.write(answer.slice(0, end))
  process.exitCode = Number(answer.slice(end + 1))
}
