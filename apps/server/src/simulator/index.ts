/** Vendors to try things against. */
export type { Chance } from "./Dice.ts"
export {
  type Fault,
  FaultError,
  type FaultKind,
  faultKinds,
  faultShapes,
  faultText,
  type Operation,
  parseFault,
  type RetryAfter,
  type Spoil,
  type Truncation,
  type When
} from "./Fault.ts"
export type { Faults } from "./Faults.ts"
export { SEEDED_UNTIL } from "./People.ts"
export type { AskedRequest, Requests } from "./RequestLog.ts"
export {
  type InProcessOptions,
  type InProcessSimulator,
  simulate,
  simulateInProcess,
  type SimulationOptions,
  type Simulator,
  SimulatorError,
  type SocketOptions
} from "./Simulator.ts"
