import { assert, describe, it } from "@effect/vitest"
import { Refused, SourceError } from "@tillbridge/domain"

const message = (detail: string) =>
  new SourceError({ dialect: "acme", operation: "list", reason: new Refused({ detail }) }).message

describe("the message of a failed call", () => {
  it("holds no phone and no e-mail address that the vendor quotes", () => {
    assert.strictEqual(
      message("customer <ivan.petrov@mail.example> +7 (912) 345-67-89 is not valid"),
      "acme list failed (Refused): customer <…> … is not valid"
    )
  })

  it("leaves statuses, sizes and codes as they are", () => {
    assert.strictEqual(
      message("HTTP 500 after 123456 bytes (UND_ERR_SOCKET)"),
      "acme list failed (Refused): HTTP 500 after 123456 bytes (UND_ERR_SOCKET)"
    )
  })
})
