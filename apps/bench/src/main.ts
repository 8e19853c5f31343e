/** `npm run bench`: reads the flags, runs, prints. Exits 0 when it ran, 2 when it could not be started. */
import { runBench } from "./Bench.ts"
import { parseOptions, usage, UsageError } from "./Options.ts"
import { renderTable } from "./Report.ts"
import { CommandFailed } from "./Subprocess.ts"

const showProgress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

try {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(usage)
  else {
    const report = await runBench(options, showProgress)
    showProgress("")
    process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : renderTable(report))
  }
} catch (cause) {
  if (!(cause instanceof UsageError || cause instanceof CommandFailed)) throw cause
  process.stderr.write(`${cause.message}\n`)
  process.exitCode = 2
}
