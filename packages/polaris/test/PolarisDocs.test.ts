/** The documentation pages: their addresses are the vendor's (DOC), their content is this project's. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { open } from "./server.ts"

describe("?doc", () => {
  it.effect("explains every function without a login", () =>
    Effect.gen(function* () {
      const { send } = yield* open()
      for (const [name, parts] of [
        [
          "Client.GetClient",
          ["CodeMagasin", "IDClient", "Cle", "prefixCle", "output", "6.02", "Int64 (Optionnel)"]
        ],
        [
          "Client.GetClientsModified",
          ["lastChanged", "codeMagasin", "checkPoint", "limit", "7.04", "de 1 à 1000", "hasMoreResults"]
        ],
        ["Client.PutClient", ["InfoClient", "CodeMagasin", "prefixCle", "saisie des membres clients"]],
        ["ACL.Login", ["user", "password"]],
        ["ACL.Logout", ["propre à Tillbridge"]]
      ] as const) {
        const page = yield* send(`/core/api/${name}?doc`)
        assert.strictEqual(page.status, 200)
        for (const part of [
          name,
          "But",
          "Appel",
          "Signature",
          "Arguments",
          "Politique de sécurité",
          ...parts
        ]) {
          assert.include(page.text, part, name)
        }
      }
      const index = yield* send("/core/api?doc")
      assert.include(index.text, `<a href="/core/api/Client.GetClient?doc">Client.GetClient</a>`)
    })
  )

  it.effect("is HTML that a browser runs nothing of", () =>
    Effect.gen(function* () {
      const { send } = yield* open()
      const page = yield* send("/core/api/Client.GetClient?doc")
      assert.strictEqual(page.headers["content-type"], "text/html; charset=utf-8")
      const style = /<style>([^<]*)<\/style>/.exec(page.text)?.[1] ?? assert.fail("no style")
      const hash = createHash("sha256").update(style).digest("base64")
      assert.strictEqual(
        page.headers["content-security-policy"],
        `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
      )
      assert.strictEqual(page.headers["x-content-type-options"], "nosniff")
      assert.match(page.text, /^<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8">/)
      assert.notInclude(page.text, "<script")
    })
  )

  it.effect("docType shows a type's members, in both spellings of its namespace (DOC)", () =>
    Effect.gen(function* () {
      const { send } = yield* open()
      for (const docType of [
        "RepDaemon.WebService2.CoreAPI.Client%2bInfoClient",
        "RepDamon.WebService2.CoreAPI.Client%2bInfoClient",
        "RepDaemon.WebService2.CoreAPI.Client%2BInfoClient",
        "RepDaemon.WebService2.CoreAPI.Client+InfoClient",
        "repdaemon.webservice2.coreapi.client%2binfoclient"
      ]) {
        const page = yield* send(`/core/api/Client.GetClient?doc&docType=${docType}`)
        assert.strictEqual(page.status, 200, docType)
        for (const part of ["IDClient", "Nom", "DateAnniversaire", "choix de ce projet", "Cartes"]) {
          assert.include(page.text, part)
        }
      }
      const slice = yield* send(
        "/core/api/Client.GetClientsModified?doc&docType=RepDaemon.WebService2.CoreAPI.Client%2bFragmentedInfoClient"
      )
      for (const part of ["hasMoreResults", "checkPoint", "clients", "documenté"])
        assert.include(slice.text, part)
      const card = yield* send(
        "/core/api/Client.GetClient?DOC&DocType=RepDaemon.WebService2.CoreAPI.Client%2bInfoCarte"
      )
      for (const part of ["Numero", "EstValide", "NombrePoints"]) assert.include(card.text, part)
    })
  )

  it.effect("a type that nobody knows is 404, and what was asked stands nowhere in the page", () =>
    Effect.gen(function* () {
      const { send } = yield* open()
      for (const docType of [
        "<script>alert(1)</script>",
        `"onload="x`,
        "System.String",
        "InfoClient",
        "__proto__"
      ]) {
        const page = yield* send(`/core/api/Client.GetClient?doc&docType=${encodeURIComponent(docType)}`)
        assert.strictEqual(page.status, 404)
        assert.notInclude(page.text, docType.replace("InfoClient", "nothing"))
      }
      assert.strictEqual((yield* send("/core/api/Client.Nothing?doc")).status, 404)
      // Only a GET asks for a page; a parameter whose name merely holds the word does not.
      assert.strictEqual((yield* send("/core/api/Client.GetClient?docs=1")).status, 401)
      assert.strictEqual((yield* send("/core/api/Client.GetClient?doc", { method: "POST" })).status, 401)
      assert.strictEqual((yield* send("/core/api/Client.GetClient?doc", { method: "PUT" })).status, 405)
    })
  )
})
