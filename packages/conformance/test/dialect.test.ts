/** Somebody else's dialect can pass: an invented one does, and so does what can do less or lets in by a login. */
import { dialectSuite, type Subject } from "../src/index.ts"
import { sessionToy } from "./sessionToy.ts"
import { layerOf, toySubject } from "./toySubject.ts"

const { dialect, wire } = toySubject

const readOnly: Subject = {
  ...toySubject,
  dialect: { ...dialect, capabilities: { ...dialect.capabilities, canUpsertCustomer: false } },
  destination: null,
  wire: { ...wire, calls: wire.calls.filter(({ needs }) => needs === "read") }
}

dialectSuite("toy", layerOf(toySubject))
dialectSuite("toy with a login", layerOf(sessionToy))
dialectSuite("toy that is only read", layerOf(readOnly))
