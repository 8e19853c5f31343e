#!/usr/bin/env node
import * as nodeModule from "node:module"

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
if (major < 24 || (major === 24 && minor < 17)) {
  process.stderr.write(`tillbridge: needs Node.js 24.17 or newer; this is ${process.versions.node}\n`)
  process.exit(2)
}
// Compiled code is kept between runs: a command line starts many times a day.
nodeModule.enableCompileCache?.()
await import("../dist/main.js")
