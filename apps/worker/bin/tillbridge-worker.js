#!/usr/bin/env node
const [major, minor] = process.versions.node.split(".").map(Number)
if (major < 24 || (major === 24 && minor < 17)) {
  process.stderr.write(
    `tillbridge-worker: needs Node 24.17 or newer and runs on ${process.versions.node}. In a checkout, use: npx tillbridge-worker\n`
  )
  process.exit(2)
}

const { enableCompileCache } = await import("node:module")

// Compiling the program's modules is most of what a short command takes.
enableCompileCache()
await import("../dist/main.js")
