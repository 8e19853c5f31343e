import { CustomerRecord } from "@tillbridge/domain"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { domainLine } from "../src/Contender.ts"
import { customerOf } from "../src/Customers.ts"

describe("domainLine", () => {
  it("is a record the domain accepts", () => {
    const decode = Schema.decodeUnknownSync(CustomerRecord)
    for (let number = 1; number <= 300; number++) {
      const record = decode(JSON.parse(domainLine(customerOf(number))))
      expect(record.externalIds).toEqual([{ system: "SHOP", key: customerOf(number).external_id }])
    }
  })
})
