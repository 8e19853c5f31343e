#!/usr/bin/env node
import { enableCompileCache } from "node:module"

// Compiling the program's modules is most of what a short command takes.
enableCompileCache()
await import("../dist/main.js")
