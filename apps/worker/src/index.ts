/** The worker as a program: links that run continuously, at their own pace. */
export type { WorkerLink } from "./Link.ts"
export { makeMetrics, type Metrics } from "./Metrics.ts"
export { type OnceResult, runOnce, runWorker, type WorkerOptions } from "./Worker.ts"
