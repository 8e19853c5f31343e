/** Each condition of a customer filter alone and several together, over a fixed list of people. */
import { assert } from "@effect/vitest"
import {
  type Customer,
  type CustomerFilter,
  CustomerId,
  CustomerRepository,
  type ListWindow,
  type Repositories
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import { type Case, testCase } from "./Case.ts"
import { addCustomers, idsOf, makeMerchant } from "./Records.ts"

export const shop = (key: string) => ({ system: "web shop", key })

/** Customers 1 to 8 of a merchant; the filters below name them by these numbers. */
export const people: ReadonlyArray<Partial<Customer>> = [
  { phone: "+7 (999) 000-00-01", email: "Anna@Example.com", externalIds: [shop("A-1")] },
  { mobilePhone: "8 999 000 00 01", email: null },
  { phone: "9990000001", email: "anna@example.com" },
  { phone: "+7 999 000 00 02", mobilePhone: "12-34", email: "boris@example.com" },
  { phone: "1234" },
  { email: " ANNA@example.com " },
  {},
  {
    phone: "none",
    mobilePhone: "+46 8 123 45",
    email: "Ärla@example.com",
    externalIds: [{ system: "till", key: "A-1" }]
  }
]

const expectations: ReadonlyArray<readonly [string, CustomerFilter, ReadonlyArray<number>]> = [
  ["no condition leaves everyone", {}, [1, 2, 3, 4, 5, 6, 7, 8]],
  ["an id leaves one customer", { id: CustomerId.make(4) }, [4]],
  ["an id nobody has leaves none", { id: CustomerId.make(99) }, []],
  ["an external id leaves its owner, by system and key", { externalId: shop("A-1") }, [1]],
  ["an external id nobody has leaves none", { externalId: shop("a-1") }, []],
  ["a phone finds however it is written, in either phone", { phone: "8 (999) 000-00-01" }, [1, 2, 3]],
  ["a phone finds by its last ten digits", { phone: "0079990000001" }, [1, 2, 3]],
  ["a short phone finds only when all digits are the same", { phone: "12 34" }, [4, 5]],
  ["a part of a phone finds nobody", { phone: "000-00-01" }, []],
  ["a phone without digits finds nobody", { phone: "none" }, []],
  ["an empty phone finds nobody", { phone: "" }, []],
  ["an e-mail finds in any letter case and with spaces around", { email: "aNNa@eXample.com " }, [1, 3, 6]],
  ["an e-mail finds in any letter case beyond ASCII", { email: "äRLA@example.com" }, [8]],
  ["a part of an e-mail finds nobody", { email: "@example.com" }, []],
  ["a blank e-mail finds nobody", { email: " " }, []],
  ["who has a phone: either of the two", { hasPhone: true }, [1, 2, 3, 4, 5, 8]],
  ["who has no phone", { hasPhone: false }, [6, 7]],
  ["who has an e-mail", { hasEmail: true }, [1, 3, 4, 6, 8]],
  ["who has no e-mail", { hasEmail: false }, [2, 5, 7]],
  ["phone and e-mail must both hold", { phone: "9990000001", email: "anna@example.com" }, [1, 3]],
  ["id and phone must both hold", { id: CustomerId.make(4), phone: "9990000001" }, []],
  ["external id and e-mail must both hold", { externalId: shop("A-1"), email: "anna@example.com" }, [1]],
  ["a phone but no e-mail", { hasPhone: true, hasEmail: false }, [2, 5]],
  [
    "all conditions together",
    {
      id: CustomerId.make(1),
      externalId: shop("A-1"),
      phone: "9990000001",
      email: "anna@example.com",
      hasPhone: true,
      hasEmail: true
    },
    [1]
  ]
]

export const filterCases: ReadonlyArray<Case<Repositories>> = expectations.map(([title, filter, expected]) =>
  testCase(
    `filter: ${title}`,
    Effect.gen(function* () {
      const merchant = yield* makeMerchant()
      yield* addCustomers(merchant.id, people)
      const customers = yield* CustomerRepository
      assert.deepStrictEqual(
        yield* idsOf(merchant.id, filter),
        expected.map((id) => CustomerId.make(id))
      )
      assert.strictEqual(yield* customers.count(merchant.id, filter), expected.length)
      const windows: Array<readonly [ListWindow, ReadonlyArray<number>]> = [
        [{ offset: 1, limit: 2 }, expected.slice(1, 3)],
        [{ after: CustomerId.make(3), limit: 2 }, expected.filter((id) => id > 3).slice(0, 2)]
      ]
      for (const [window, part] of windows) {
        assert.deepStrictEqual(
          yield* idsOf(merchant.id, filter, window),
          part.map((id) => CustomerId.make(id))
        )
      }
    })
  )
)
