/** The toy dialect as the kit is told of it: how an old till talks. */
import { externalKey, type CustomerWithCards } from "@tillbridge/domain"
import { Layer } from "effect"
import { DialectSubject, keyInQuery, type Subject, type WireAnswer } from "../src/index.ts"
import { toy, toyCodec, toyDestination, toySource } from "./toyDialect.ts"
import { toyRoutes } from "./toyRoutes.ts"

const word = encodeURIComponent
const numberOf = ({ customer }: CustomerWithCards) => externalKey(customer.externalIds, "SHOP")
const cardOf = ({ cards }: CustomerWithCards) => cards[0]?.number ?? ""
const get = (target: string) => ({ method: "GET", target })

const put = (number: string, body: string) => ({
  method: "POST",
  target: `/till/put?number=${word(number)}`,
  headers: { "content-type": "application/json" },
  body
})

const bodyOf = ({ text }: WireAnswer) =>
  JSON.parse(text) as { ok: unknown; why?: unknown; people?: ReadonlyArray<{ id: string }> }

export const toySubject: Subject = {
  dialect: toy,
  routes: toyRoutes,
  codec: toyCodec,
  carries: ["firstName", "lastName", "phone", "notes", "externalIds"],
  tellsModifiedAt: true,
  spoiledRecord: {
    spoil: (text, key) => text.replace(`{"id":"${key}","number":"`, `{"id":"${key}","number":null,"was":"`),
    mend: (payload) => payload.replace(`"number":null,"was":"`, `"number":"`)
  },
  source: toySource,
  destination: toyDestination,
  wire: {
    signIn: keyInQuery("key"),
    calls: [
      {
        name: "people",
        needs: "read",
        methods: ["GET", "HEAD", "OPTIONS"],
        identities: ["id", "number"],
        request: ({ customer }) => get(`/till/people?id=${customer.id}`)
      },
      {
        name: "put",
        needs: "write",
        methods: ["POST", "OPTIONS"],
        identities: ["number"],
        request: (about) => put(numberOf(about) ?? "nobody's", `{"name":"Changed"}`)
      },
      {
        name: "drop",
        needs: "write",
        methods: ["GET", "OPTIONS"],
        identities: ["card"],
        request: (about) => get(`/till/drop?card=${word(cardOf(about))}`)
      },
      {
        name: "leave",
        needs: "write",
        methods: ["GET", "OPTIONS"],
        identities: ["id"],
        request: ({ customer }) => get(`/till/leave?id=${customer.id}`)
      }
    ],
    filters: [
      { name: "nobody left out", request: () => get("/till/people"), selects: () => true },
      {
        name: "number",
        request: (wanted) => {
          const number = numberOf(wanted)
          return number === null ? null : get(`/till/people?number=${word(number)}`)
        },
        selects: (candidate, wanted) => numberOf(candidate) === numberOf(wanted)
      },
      {
        name: "phone",
        request: ({ customer: { phone } }) =>
          phone === null ? null : get(`/till/people?phone=${word(phone)}`),
        selects: (candidate, wanted) => candidate.customer.phone === wanted.customer.phone
      }
    ],
    examples: [
      {
        title: "a person of whom little is known",
        mark: "documented",
        source: "the toy's only page",
        customers: [{ firstName: "Anna", externalIds: [{ system: "SHOP", key: "0001" }] }],
        cards: [{ number: "007", owner: 0 }],
        exchanges: [
          {
            request: get("/till/people"),
            status: 200,
            headers: { "content-type": "application/json" },
            body:
              `{"ok":"yes","more":"no","people":[{"id":"1","number":"0001","name":"Anna","family":"",` +
              `"phone":"","notes":"","cards":["007"],"changed":"2024-06-15T10:00:00.000Z"}]}`
          },
          { request: put("0001", `{"family":"B"}`), status: 200, body: `{"ok":"yes","id":"1","new":"no"}` },
          { as: "nobody", request: get("/till/people"), status: 401, body: /^\{"ok":"no","why":".+"\}$/ }
        ]
      }
    ],
    told: (answer) => {
      const { people } = bodyOf(answer)
      if (people === undefined) throw new Error("no people")
      return people.map(({ id }) => id)
    },
    refusal: (answer) => {
      const { ok, why } = bodyOf(answer)
      if (ok === "yes") return null
      if (ok !== "no" || typeof why !== "string") throw new Error("neither yes nor no")
      return why
    }
  }
}

export const layerOf = (subject: Subject): Layer.Layer<DialectSubject> =>
  Layer.succeed(DialectSubject, subject)
