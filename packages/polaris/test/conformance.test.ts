/** The dialect and the public kit, with a client that asks for the one form and for the other. */
import { dialectSuite } from "@tillbridge/conformance"
import { layerSubject } from "./subject.ts"

for (const format of ["xml", "json"] as const) {
  dialectSuite(`Polaris, ${format}`, layerSubject(format))
}
