/** Each dialect as it is reached by its own client, and what it can say by its vendor's page. */
import type { CustomerDestination, CustomerRecord, CustomerSource, layerDomain } from "@tillbridge/domain"
import {
  layerMegawinDestination,
  layerMegawinSource,
  MegawinClient,
  MegawinRoutes
} from "@tillbridge/megawin"
import {
  layerPolarisDestination,
  layerPolarisSource,
  PolarisClient,
  PolarisRoutes
} from "@tillbridge/polaris"
import {
  layerVirtposDestination,
  layerVirtposSource,
  VirtposClient,
  VirtposRoutes
} from "@tillbridge/virtpos"
import { Layer, type Redacted } from "effect"
import type { HttpClient, HttpRouter } from "effect/http"
import { moscow, prefix } from "./crossRecords.ts"

const baseUrl = "http://till.test"
const timeZone = moscow

/** A client of one dialect as both ends of a synchronisation. */
type Ends = Layer.Layer<CustomerSource | CustomerDestination, unknown, HttpClient.HttpClient>

export interface Reached {
  readonly routes: Layer.Layer<never, never, HttpRouter.HttpRouter | Layer.Success<typeof layerDomain>>
  readonly login: string | null
  readonly ends: (secret: Redacted.Redacted, login: string) => Ends
  /** Fields that its answers have no place for, by the vendor's page: nothing here is asked of the code. */
  readonly untold: ReadonlyArray<string>
  /** Fields of a customer that its calls can set. */
  readonly writes: ReadonlyArray<keyof CustomerRecord>
  readonly writesCards: boolean
}

export const dialects: Readonly<Record<string, Reached>> = {
  virtpos: {
    routes: VirtposRoutes.layer(),
    login: null,
    ends: (apiKey) =>
      Layer.merge(layerVirtposSource, layerVirtposDestination).pipe(
        Layer.provide(VirtposClient.layer({ baseUrl, apiKey, timeZone, externalSystem: prefix }))
      ),
    untold: [
      "title",
      "mobilePhone",
      "address.line1",
      "address.postalCode",
      "address.city",
      "address.country",
      "company.name",
      "company.vatNumber",
      "language",
      "discountPercent",
      "registeredIn",
      "extensions.megawin",
      "cards.registeredAt",
      "cards.registeredIn"
    ],
    writes: [
      "firstName",
      "middleName",
      "lastName",
      "gender",
      "birthDate",
      "email",
      "phone",
      "consents",
      "notes",
      "accumulatedSales",
      "registeredAt",
      "group"
    ],
    writesCards: true
  },
  polaris: {
    routes: PolarisRoutes.layer(),
    login: "till",
    ends: (password, user) =>
      Layer.merge(layerPolarisSource, layerPolarisDestination).pipe(
        Layer.provide(
          PolarisClient.layer({
            baseUrl,
            user,
            password,
            codeMagasin: 1,
            prefixCle: prefix,
            timeZone,
            writeStore: true
          })
        )
      ),
    untold: [
      "middleName",
      "company.name",
      "company.vatNumber",
      "language",
      "consents.push",
      "consents.sms",
      "notes",
      "discountPercent",
      "accumulatedSales",
      "registeredAt",
      "group",
      "createdAt",
      "createdBy",
      "extensions.virtpos",
      "extensions.megawin",
      "cards.externalIds",
      "cards.barcode",
      "cards.medium",
      "cards.activatedAt",
      "cards.blockedAt",
      "cards.registeredAt",
      "cards.registeredIn"
    ],
    writes: [
      "title",
      "firstName",
      "lastName",
      "gender",
      "birthDate",
      "email",
      "phone",
      "mobilePhone",
      "address",
      "registeredIn"
    ],
    writesCards: false
  },
  megawin: {
    routes: MegawinRoutes.layer(),
    login: null,
    ends: (apiKey) =>
      Layer.merge(layerMegawinSource, layerMegawinDestination).pipe(
        Layer.provide(MegawinClient.layer({ baseUrl, apiKey, timeZone }))
      ),
    untold: [
      "externalIds",
      "title",
      "middleName",
      "gender",
      "birthDate.day",
      "birthDate.month",
      "birthDate.year",
      "consents.push",
      "consents.email",
      "consents.sms",
      "notes",
      "accumulatedSales",
      "registeredIn",
      "createdAt",
      "createdBy",
      "extensions.virtpos",
      "cards"
    ],
    writes: [
      "firstName",
      "lastName",
      "email",
      "phone",
      "mobilePhone",
      "address",
      "company",
      "language",
      "discountPercent",
      "group"
    ],
    writesCards: false
  }
}
