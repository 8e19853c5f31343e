/** The command line as a program: `run(args)` and how its endings become exit codes. */
export * from "./Failure.ts"
export { endingOf, report } from "./Report.ts"
export { run, version, wantsJson } from "./run.ts"
