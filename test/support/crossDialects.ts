/** Each dialect as it is reached by its own client, and what it can say by its vendor's page. */
import type { CustomerDestination, CustomerRecord, CustomerSource, layerDomain } from "@tillbridge/domain"
import { layerLcmanagerSource, LcmanagerClient, LcmanagerRoutes } from "@tillbridge/lcmanager"
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

type Built<A> = (secret: Redacted.Redacted, login: string) => Layer.Layer<A, unknown, HttpClient.HttpClient>

export interface Reached {
  readonly routes: Layer.Layer<never, never, HttpRouter.HttpRouter | Layer.Success<typeof layerDomain>>
  readonly login: string | null
  readonly source: Built<CustomerSource>
  /** `null` where the vendor takes no writes. */
  readonly destination: Built<CustomerDestination> | null
  /** Fields that its answers have no place for, by the vendor's page: nothing here is asked of the code. */
  readonly untold: ReadonlyArray<string>
  /** Fields of a customer that its calls can set; `null` where it takes none. */
  readonly writes: ReadonlyArray<keyof CustomerRecord> | null
  readonly writesCards: boolean
}

const virtpos = (apiKey: Redacted.Redacted) =>
  VirtposClient.layer({ baseUrl, apiKey, timeZone, externalSystem: prefix })

const megawin = (apiKey: Redacted.Redacted) => MegawinClient.layer({ baseUrl, apiKey, timeZone })

const polaris = (password: Redacted.Redacted, user: string) =>
  PolarisClient.layer({
    baseUrl,
    user,
    password,
    codeMagasin: 1,
    prefixCle: prefix,
    timeZone,
    writeStore: true
  })

export const dialects: Readonly<Record<string, Reached>> = {
  virtpos: {
    routes: VirtposRoutes.layer(),
    login: null,
    source: (apiKey) => layerVirtposSource.pipe(Layer.provide(virtpos(apiKey))),
    destination: (apiKey) => layerVirtposDestination.pipe(Layer.provide(virtpos(apiKey))),
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
    source: (password, user) => layerPolarisSource.pipe(Layer.provide(polaris(password, user))),
    destination: (password, user) => layerPolarisDestination.pipe(Layer.provide(polaris(password, user))),
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
  lcmanager: {
    routes: LcmanagerRoutes.layer(),
    login: "till",
    source: (password, user) =>
      layerLcmanagerSource.pipe(
        Layer.provide(
          LcmanagerClient.layer({
            baseUrl,
            user,
            password,
            timeZone,
            externalSystem: prefix,
            windowDays: 365
          })
        )
      ),
    destination: null,
    untold: [
      "externalIds",
      "title",
      "firstName",
      "middleName",
      "lastName",
      "gender",
      "birthDate.day",
      "birthDate.month",
      "birthDate.year",
      "email",
      "phone",
      "mobilePhone",
      "address.line1",
      "address.postalCode",
      "address.city",
      "address.country",
      "company.name",
      "company.vatNumber",
      "language",
      "consents.push",
      "consents.email",
      "consents.sms",
      "notes",
      "discountPercent",
      "accumulatedSales",
      "registeredAt",
      "registeredIn",
      "group",
      "createdAt",
      "createdBy",
      "extensions.virtpos",
      "extensions.megawin",
      "cards.barcode",
      "cards.activatedAt",
      "cards.blockedAt"
    ],
    writes: null,
    writesCards: false
  },
  megawin: {
    routes: MegawinRoutes.layer(),
    login: null,
    source: (apiKey) => layerMegawinSource.pipe(Layer.provide(megawin(apiKey))),
    destination: (apiKey) => layerMegawinDestination.pipe(Layer.provide(megawin(apiKey))),
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
