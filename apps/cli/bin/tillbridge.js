#!/usr/bin/env node
const [major, minor] = process.versions.node.split(".").map(Number)
if (major < 24 || (major === 24 && minor < 17)) {
  process.stderr.write(
    `tillbridge: needs Node 24.17 or newer and runs on ${process.versions.node}. In a checkout, use: npx tillbridge\n`
  )
  process.exit(2)
}

const { enableCompileCache } = await import("node:module")
const { setFlagsFromString } = await import("node:v8")

// Compiling the program's modules is most of what a short command takes.
enableCompileCache()
// V8 would rather take memory than collect: this keeps it flat while millions of records pass through.
setFlagsFromString("--heap-growing-percent=20")
// Loading the program leaves much to collect at once; Memory.ts undoes this where real work begins.
setFlagsFromString("--semi-space-growth-factor=1")
await import("../dist/main.js")
