/** `/api/customer/update`: who is meant, what changes, and what must not (protocol notes, section 4). */
import { assert, describe, it } from "@effect/vitest"
import { CustomerId } from "@tillbridge/domain"
import { Effect } from "effect"
import { assertRefused, idsIn, makeKey, noonText, oneIn, open, post, written } from "./server.ts"

/** A server with customer 1, Anna Orlova of the group VIP, known elsewhere as e1. */
const withAnna = Effect.fnUntraced(function* () {
  const server = yield* open()
  const made = yield* server.call(
    "/update?create_if_not_exist=1&external_id=e1",
    post("fname=Anna&lname=Orlova&phone=%2B79990000001&email=a%40b.ru&group_name=VIP&birth_year=1994")
  )
  assert.strictEqual(made.text, written(1, 1))
  const anna = server.call("?id=1").pipe(Effect.map(oneIn))
  return { ...server, anna }
})

describe("who is updated", () => {
  it.effect(
    "an unknown customer is an error unless create_if_not_exist says yes, in any spelling of yes",
    () =>
      Effect.gen(function* () {
        const { call } = yield* open()
        for (const no of [
          "",
          "&create_if_not_exist=0",
          "&create_if_not_exist=false",
          "&create_if_not_exist="
        ]) {
          assertRefused(yield* call(`/update?id=5${no}`, post("fname=A")), "customer not found")
        }
        let id = 1
        for (const yes of ["1", "true", "TRUE"]) {
          const made = yield* call(`/update?id=5&create_if_not_exist=${yes}`, post("fname=A"))
          assert.strictEqual(made.text, written(id++, 1))
        }
        assertRefused(
          yield* call("/update?id=5&create_if_not_exist=perhaps", post("fname=A")),
          "create_if_not_exist must be 1 or 0"
        )
        assert.deepStrictEqual(idsIn((yield* call("")).text), [1, 2, 3])
      })
  )

  it.effect("create_if_not_exist in the body does not count", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      assertRefused(yield* call("/update", post("fname=A&create_if_not_exist=1")), "customer not found")
    })
  )

  it.effect("id in the body does not count, neither alone nor beside the query's", () =>
    Effect.gen(function* () {
      const { anna, call } = yield* withAnna()
      assertRefused(yield* call("/update", post("id=1&fname=B")), "customer not found")
      assert.strictEqual(
        (yield* call("/update?create_if_not_exist=1", post("id=1&fname=B"))).text,
        written(2, 1)
      )
      assert.strictEqual((yield* call("/update?id=2", post("id=1&lname=C"))).text, written(2, 0))
      assert.strictEqual((yield* anna)["fname"], "Anna")
      assert.strictEqual((yield* anna)["lname"], "Orlova")
    })
  )

  it.effect("id is looked up before external_id, and external_id when the id is unknown", () =>
    Effect.gen(function* () {
      const { anna, call } = yield* withAnna()
      yield* call("/update?create_if_not_exist=1&external_id=e2", post("fname=Petr"))
      assert.strictEqual((yield* call("/update?external_id=e1", post("mname=M"))).text, written(1, 0))
      assert.strictEqual((yield* call("/update?id=77&external_id=e1", post("mname=N"))).text, written(1, 0))
      assert.strictEqual((yield* anna)["mname"], "N")
      // Customer 1 is meant, and the key of another cannot become its own.
      assertRefused(
        yield* call("/update?id=1&external_id=e2", post("mname=X")),
        "external_id belongs to another customer"
      )
      assert.strictEqual((yield* anna)["mname"], "N")
    })
  )

  it.effect(
    "external_id in the body finds the customer too, so that sending a form again does not create twice",
    () =>
      Effect.gen(function* () {
        const { anna, call } = yield* withAnna()
        const again = call("/update?create_if_not_exist=1", post("external_id=e1&mname=X"))
        assert.strictEqual((yield* again).text, written(1, 0))
        assert.strictEqual((yield* again).text, written(1, 0))
        assert.strictEqual((yield* anna)["mname"], "X")
        assertRefused(yield* call("/update", post("external_id=e9&mname=Y")), "customer not found")
        assert.strictEqual((yield* call("/update?id=1", post("external_id=e9"))).text, written(1, 0))
        assert.strictEqual((yield* anna)["external_id"], "e9")
        assertRefused(
          yield* call("/update?external_id=e9", post("external_id=e1")),
          "external_id is given more than once"
        )
      })
  )

  it.effect("an empty phone clears the mobile one as well, which is shown when there is no other", () =>
    Effect.gen(function* () {
      const { anna, call, customers, merchant } = yield* withAnna()
      yield* customers.save(merchant.id, {
        references: [{ by: "id", id: CustomerId.make(1) }],
        createIfMissing: false,
        patch: { phone: null, mobilePhone: "+79995550000" },
        actor: null
      })
      assert.strictEqual((yield* anna)["phone"], "+79995550000")
      assert.strictEqual((yield* call("/update?id=1", post("phone="))).text, written(1, 0))
      assert.strictEqual((yield* anna)["phone"], "")
    })
  )

  it.effect("an id that is no whole number is refused, and nothing is created in its place", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      for (const id of ["0", "-1", "1.5", "0x1", "1e3", "abc", "9007199254740993", "1%2C2", "%D9%A1"]) {
        assertRefused(
          yield* call(`/update?id=${id}&create_if_not_exist=1`, post("fname=A")),
          "id must be a whole number from 1"
        )
      }
      assert.deepStrictEqual(idsIn((yield* call("")).text), [])
    })
  )
})

describe("what is updated", () => {
  it.effect("fields may stand in the query or in the body, and the body wins", () =>
    Effect.gen(function* () {
      const { anna, call } = yield* withAnna()
      yield* call("/update?id=1&fname=Query&lname=Query", post("lname=Body"))
      const now = yield* anna
      assert.deepStrictEqual([now["fname"], now["lname"]], ["Query", "Body"])
      assert.strictEqual((yield* call("/update?id=1&mname=Get")).text, written(1, 0))
      assert.strictEqual((yield* anna)["mname"], "Get")
    })
  )

  it.effect("a partial update leaves the other fields, an empty value clears one", () =>
    Effect.gen(function* () {
      const { anna, call } = yield* withAnna()
      const before = yield* anna
      yield* call("/update?id=1", post("email=&mname=M"))
      assert.deepStrictEqual(yield* anna, { ...before, email: "", mname: "M" })
      assert.match((yield* call("?id=1")).text, /<email\/>/)
      yield* call("/update?id=1", post("group_id=&birth_year=&phone=%20"))
      assert.deepStrictEqual(yield* anna, {
        ...before,
        email: "",
        mname: "M",
        phone: "",
        group_id: "",
        group_name: "",
        birth_year: ""
      })
    })
  )

  it.effect("every documented field is stored as it was sent", () =>
    Effect.gen(function* () {
      const { call, credential } = yield* open()
      const sent = {
        fname: " Ёлка ",
        lname: "000123",
        mname: "1e5",
        email: "A@b.ru",
        phone: "8 (999) 000-00-01",
        gender: "M",
        custom_information: "a & b <c> \"d\" 'e'\n+ %41",
        birth_day: "24",
        birth_month: "10",
        birth_year: "1992",
        register_date: "2016-07-18 13:54:37",
        send_push: "1",
        send_email: "0",
        send_sms: "1",
        external_id: "0079001"
      }
      yield* call("/update?create_if_not_exist=1", post(new URLSearchParams(sent).toString()))
      assert.deepStrictEqual(oneIn(yield* call("?id=1")), {
        id: "1",
        age: "31",
        ...sent,
        accumulated_sales: "0",
        group_id: "",
        group_name: "",
        created_date: noonText,
        created_by: String(credential),
        last_update_date: noonText,
        last_update_by: String(credential)
      })
    })
  )

  it.effect("consents take both spellings of yes and no", () =>
    Effect.gen(function* () {
      const { anna, call } = yield* withAnna()
      yield* call("/update?id=1", post("send_push=true&send_email=1&send_sms=TRUE"))
      const yes = yield* anna
      assert.deepStrictEqual([yes["send_push"], yes["send_email"], yes["send_sms"]], ["1", "1", "1"])
      yield* call("/update?id=1", post("send_push=false&send_email=0&send_sms="))
      const no = yield* anna
      assert.deepStrictEqual([no["send_push"], no["send_email"], no["send_sms"]], ["0", "0", "0"])
    })
  )

  it.effect("a value that is no value of its field is refused by name and changes nothing", () =>
    Effect.gen(function* () {
      const { anna, call } = yield* withAnna()
      const before = yield* anna
      for (const [body, info] of [
        ["gender=X", "gender must be one of F, M"],
        ["gender=constructor", "gender must be one of F, M"],
        ["birth_month=13", "birth_month must be a whole number from 1 to 12"],
        ["birth_day=31&birth_month=2", "birth_day is not a date of the calendar"],
        ["birth_day=30&birth_month=2&birth_year=2024", "birth_day is not a date of the calendar"],
        ["birth_year=0x7ca", "birth_year must be a whole number from 1850 to 2999"],
        ["register_date=18.07.2016", "register_date must be YYYY-MM-DD HH:MM:SS"],
        ["register_date=2016-02-30", "register_date must be YYYY-MM-DD HH:MM:SS"],
        ["send_push=yes", "send_push must be 1 or 0"],
        ["group_id=99", "unknown group_id"],
        ["group_id=abc", "group_id must be a whole number from 1"],
        [`group_name=${"g".repeat(256)}`, "group_name must be at most 255 characters long"],
        [`fname=${"x".repeat(1001)}`, "fname must be at most 1000 characters long, without NUL"],
        [`external_id=${"x".repeat(256)}`, "external_id must be at most 255 characters long"]
      ] as const) {
        assertRefused(yield* call("/update?id=1", post(`lname=Changed&${body}`)), info)
      }
      assert.deepStrictEqual(yield* anna, before)
    })
  )

  it.effect("age is refused wherever it stands, also when it is empty or right", () =>
    Effect.gen(function* () {
      const { anna, call } = yield* withAnna()
      const info = "age is computed from the birth date and cannot be set"
      assertRefused(yield* call("/update?id=1&age=30"), info)
      assertRefused(yield* call("/update?id=1", post("age=&fname=X")), info)
      assert.strictEqual((yield* anna)["fname"], "Anna")
    })
  )

  it.effect("what the server owns and what it does not know is ignored", () =>
    Effect.gen(function* () {
      const { anna, call, merchant } = yield* withAnna()
      const before = yield* anna
      const answer = yield* call(
        "/update?id=1&tenant_id=2&merchant_id=2&_method=DELETE",
        post(
          "created_date=2001-01-01&created_by=9&last_update_date=2001-01-01&last_update_by=9&version=77" +
            "&merchant=2&cards=x&bonuses=5&__proto__=x&constructor=x&toString=x&store=3"
        )
      )
      assert.strictEqual(answer.text, written(1, 0))
      assert.deepStrictEqual(yield* anna, before)
      assert.strictEqual(merchant.id, 1 as typeof merchant.id)
    })
  )

  it.effect("last_update_by is the credential that wrote, and who created stays", () =>
    Effect.gen(function* () {
      const { call, credential, merchant, send, store } = yield* withAnna()
      const other = yield* makeKey(store, merchant.id, ["write"])
      const answer = yield* send(`/api/customer/update?id=1&mname=M&apikey=${other.key}`)
      assert.strictEqual(answer.text, written(1, 0))
      const now = oneIn(yield* call("?id=1"))
      assert.deepStrictEqual([now["created_by"], now["last_update_by"]], [`${credential}`, `${other.id}`])
    })
  )
})
