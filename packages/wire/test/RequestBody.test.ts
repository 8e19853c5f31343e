import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { createServer } from "node:http"
import { connect } from "node:net"
import { MAX_BODY_BYTES, readBytes, readForm } from "../src/index.ts"

/** A request as a web handler gets it; no socket. */
const request = (
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null,
  headers: Record<string, string> = {}
) =>
  HttpServerRequest.fromWeb(
    new Request("http://localhost/", { method: "POST", body, headers, duplex: "half" } as RequestInit)
  )

const form = { "content-type": "application/x-www-form-urlencoded" }
const utf8 = (text: string) => new TextEncoder().encode(text)

/** Blocks of 1 KiB, counted as they are taken. */
const counted = (taken: { blocks: number }, blocks: number) =>
  new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (taken.blocks++ >= blocks) controller.close()
        else controller.enqueue(new Uint8Array(1024))
      }
    },
    { highWaterMark: 0 }
  )

describe("readBytes", () => {
  it.effect("reads up to the limit and not one byte more", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* readBytes(request(utf8("abcd")), 4), utf8("abcd"))
      const error = yield* Effect.flip(readBytes(request(utf8("abcde")), 4))
      assert.deepStrictEqual([error._tag, error.message], ["BodyTooLarge", "the body is longer than 4 bytes"])
    })
  )

  it.effect("stops taking from the stream once the limit is passed", () =>
    Effect.gen(function* () {
      const taken = { blocks: 0 }
      const error = yield* Effect.flip(readBytes(request(counted(taken, 10_000))))
      assert.strictEqual(error._tag, "BodyTooLarge")
      assert.isAtMost(taken.blocks, 66)
    })
  )

  it.effect("refuses a declared length without taking a byte", () =>
    Effect.gen(function* () {
      const taken = { blocks: 0 }
      const declared = request(counted(taken, 10_000), { "content-length": String(MAX_BODY_BYTES + 1) })
      assert.strictEqual((yield* Effect.flip(readBytes(declared)))._tag, "BodyTooLarge")
      assert.strictEqual(taken.blocks, 0)
    })
  )

  it.effect("does not believe a declared length that is too small", () =>
    Effect.gen(function* () {
      const lying = request(counted({ blocks: 0 }, 100), { "content-length": "5" })
      assert.strictEqual((yield* Effect.flip(readBytes(lying)))._tag, "BodyTooLarge")
    })
  )

  it.effect("gives the same bytes when read again, and still keeps a smaller limit", () =>
    Effect.gen(function* () {
      const twice = request(utf8("abc"))
      yield* readBytes(twice)
      assert.deepStrictEqual(yield* readBytes(twice.modify({ url: "/other" })), utf8("abc"))
      assert.strictEqual((yield* Effect.flip(readBytes(twice, 2)))._tag, "BodyTooLarge")
    })
  )

  it.effect("says that a body broke off, without the cause", () =>
    Effect.gen(function* () {
      const broken = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.error(new Error("MySecret"))
      })
      const error = yield* Effect.flip(readBytes(request(broken)))
      assert.strictEqual(error._tag, "BodyUnreadable")
      assert.notInclude(JSON.stringify(error), "MySecret")
    })
  )
})

describe("readForm", () => {
  it.effect.each([
    "application/x-www-form-urlencoded",
    "APPLICATION/X-WWW-FORM-URLENCODED; charset=UTF-8",
    'application/x-www-form-urlencoded;charset="utf8"'
  ])("reads %s", (contentType) =>
    Effect.gen(function* () {
      const parameters = yield* readForm(request(utf8("a=1&name=%D0%96+ж"), { "content-type": contentType }))
      assert.deepStrictEqual(parameters.entries(), [
        ["a", "1"],
        ["name", "Ж ж"]
      ])
    })
  )

  it.effect.each([
    [{}, "a body needs a content type"],
    [{ "content-type": "application/json" }, "the content type is not application/x-www-form-urlencoded"],
    [
      { "content-type": "multipart/form-data; boundary=x" },
      "the content type is not application/x-www-form-urlencoded"
    ],
    [{ "content-type": `${form["content-type"]}; charset=windows-1251` }, "the character set is not UTF-8"],
    [
      { "content-type": `${form["content-type"]}; charset=utf-8; charset=koi8-r` },
      "the character set is not UTF-8"
    ],
    [{ ...form, "content-encoding": "gzip" }, "an encoded body is not read"]
  ] as ReadonlyArray<[Record<string, string>, string]>)("refuses %j", ([headers, reason]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(readForm(request(utf8("a=1"), headers)))
      assert.deepStrictEqual([error._tag, error.message], ["UnsupportedBody", reason])
    })
  )

  it.effect("an empty body has no parameters, whatever its type", () =>
    Effect.gen(function* () {
      for (const empty of [
        request(null),
        request(null, { "content-type": "application/json" }),
        request(new Uint8Array(0), { ...form, "content-encoding": "identity" })
      ]) {
        assert.strictEqual((yield* readForm(empty)).size, 0)
      }
    })
  )

  it.effect("refuses bytes that are not UTF-8", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(readForm(request(Uint8Array.of(0x61, 0x3d, 0xff), form)))
      assert.deepStrictEqual([error._tag, error.message], ["MalformedParameters", "the body is not UTF-8"])
    })
  )
})

/** A server on a real socket that answers with the body's length or its failure, and the bytes it took off the socket. */
const serving = Effect.gen(function* () {
  const outcome = yield* Deferred.make<string>()
  const taken = yield* Deferred.make<number>()
  const node = createServer()
  node.on("connection", (socket) => {
    socket.on("close", () => Deferred.doneUnsafe(taken, Effect.succeed(socket.bytesRead)))
  })
  const app = Effect.gen(function* () {
    const incoming = yield* HttpServerRequest.HttpServerRequest
    const text = yield* readBytes(incoming).pipe(
      Effect.map((bytes) => `read ${bytes.length}`),
      Effect.catch((error) => Effect.succeed(error._tag)),
      Effect.onInterrupt(() => Deferred.succeed(outcome, "interrupted"))
    )
    yield* Deferred.succeed(outcome, text)
    return HttpServerResponse.text(text, { status: text.startsWith("read") ? 200 : 413 })
  })
  const services = yield* Layer.build(
    HttpServer.serve(app).pipe(
      Layer.provideMerge(NodeHttpServer.layer(() => node, { port: 0, host: "127.0.0.1" }))
    )
  )
  yield* Effect.void.pipe(Effect.provideContext(services))
  const address = node.address()
  assert.isNotNull(address)
  return { port: typeof address === "object" ? address.port : 0, outcome, taken }
})

/** Sends a head and blocks of 64 KiB as fast as they are taken, until done or cut. */
const send = (port: number, head: string, blocks: number) =>
  Effect.callback<{ readonly reply: string; readonly sent: number }>((resume) => {
    const socket = connect(port, "127.0.0.1")
    let reply = ""
    let sent = 0
    const block = Buffer.alloc(65_536, "x")
    const chunked = head.includes("chunked")
    const pump = () => {
      while (sent < blocks && !socket.destroyed) {
        sent++
        if (
          !socket.write(
            chunked ? Buffer.concat([Buffer.from("10000\r\n"), block, Buffer.from("\r\n")]) : block
          )
        ) {
          socket.once("drain", pump)
          return
        }
      }
    }
    socket.on("connect", () => {
      socket.write(head)
      pump()
    })
    socket.on("data", (data) => (reply += data.toString("latin1")))
    // A cut shows as EPIPE or ECONNRESET on the writing side; `close` follows.
    socket.on("error", () => {})
    socket.on("close", () => resume(Effect.succeed({ reply, sent })))
    return Effect.sync(() => socket.destroy())
  })

const MEGABYTES_10 = 160

describe("on a socket", () => {
  it.live.each([
    ["declared", `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${MEGABYTES_10 * 65_536}\r\n\r\n`],
    ["chunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"]
  ])("a %s body of 10 MB is refused, cut and not held", ([, head]) =>
    Effect.gen(function* () {
      const { port, outcome, taken } = yield* serving
      const { reply, sent } = yield* send(port, head ?? "", MEGABYTES_10)
      assert.strictEqual(yield* Deferred.await(outcome), "BodyTooLarge")
      assert.match(reply, /^HTTP\/1\.1 413 /)
      assert.isBelow(sent, MEGABYTES_10)
      // What the server took off the socket at all, dropped bytes included.
      assert.isBelow(yield* Deferred.await(taken), 1024 * 1024)
    }).pipe(Effect.scoped)
  )

  it.live("a small body is read whole", () =>
    Effect.gen(function* () {
      const { port } = yield* serving
      const head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 65536\r\n\r\n"
      assert.match((yield* send(port, head, 1)).reply, /read 65536$/)
    }).pipe(Effect.scoped)
  )

  it.live("a client that goes away is a failure or an interruption, never a short body", () =>
    Effect.gen(function* () {
      const { port, outcome } = yield* serving
      const socket = connect(port, "127.0.0.1", () => {
        socket.end("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this")
      })
      socket.on("error", () => {})
      assert.include(["BodyUnreadable", "interrupted"], yield* Deferred.await(outcome))
    }).pipe(Effect.scoped)
  )

  it.effect("reads from any stream Effect has", () =>
    Effect.gen(function* () {
      const plain = request(utf8("unused"))
      const streaming = Object.create(plain, {
        source: { value: { method: "POST" } },
        stream: { value: Stream.make(utf8("ab"), utf8(""), utf8("cd")) }
      }) as HttpServerRequest.HttpServerRequest
      assert.deepStrictEqual(yield* readBytes(streaming), utf8("abcd"))
    })
  )
})
