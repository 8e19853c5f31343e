/** The store behind a command, and its errors in the words of the command line. */
import { existsSync } from "node:fs"
import {
  type AlreadyTaken,
  type CardNotFound,
  type Cards,
  type Credentials,
  type CustomerNotFound,
  type Customers,
  type Feed,
  type InvalidField,
  layerDomain,
  type MerchantNotFound,
  type Merchants,
  type PeriodReport,
  type StorageError,
  type SyncRepository,
  type UnitOfWork,
  type UnknownReference
} from "@tillbridge/domain"
import { layer as layerSqlite } from "@tillbridge/sqlite"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Failure, notFound, rejected, type Stopped } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { type Settings, settingsOf } from "../settings/Settings.ts"

export type Services =
  | Merchants
  | Credentials
  | Customers
  | Cards
  | Feed
  | PeriodReport
  | SyncRepository
  | UnitOfWork

type Expected =
  | AlreadyTaken
  | CardNotFound
  | CustomerNotFound
  | InvalidField
  | MerchantNotFound
  | StorageError
  | UnknownReference

const storageMessage = (error: StorageError, path: string): string => {
  switch (error.reason) {
    case "busy":
      return `the database ${path} is busy: another program is writing to it. Try again`
    case "full":
      return `the disk is full: nothing more can be written to ${path}`
    case "read-only":
      return `the database ${path} cannot be written to: the file or its folder is read-only`
    case "corrupt":
      return `${path} is not a Tillbridge database, or it is damaged. Restore it from a backup`
    case "newer-schema":
      return `the database ${path} was made by a newer version of Tillbridge. Update this one`
    case "unavailable":
      return `cannot open the database ${path}. Check that the folder exists and that you may read and write it`
    case "unknown":
      return `the database ${path} failed in ${error.operation}`
  }
}

/** An expected error as the line that the caller reads. */
export const explain = (error: Expected, path: string): Failure => {
  switch (error._tag) {
    case "StorageError":
      return new Failure({ kind: "database", message: storageMessage(error, path), cause: error.cause })
    case "CardNotFound":
    case "CustomerNotFound":
    case "MerchantNotFound":
      return notFound(error.message)
    case "AlreadyTaken":
    case "InvalidField":
    case "UnknownReference":
      return rejected(error.message)
  }
}

const isExpected = (error: Expected | Failure | Stopped): error is Expected =>
  error._tag !== "Failure" && error._tag !== "Stopped"

/** A database that does not exist is made only by the commands that begin one: a mistyped path is not a new store. */
const refuseMissing = (path: string): Effect.Effect<void, Failure> =>
  Effect.suspend(() => {
    if (existsSync(path)) return Effect.void
    const message = `there is no database at ${path}. Make one: tillbridge merchants create --name NAME`
    return Effect.fail(new Failure({ kind: "database", message }))
  })

/** Runs with the services of the domain on the store that the session names, which is closed afterwards. */
export const withStore = <A, E extends Expected | Failure | Stopped>(
  session: Session,
  use: (settings: Settings) => Effect.Effect<A, E, Services>,
  options: { readonly mayCreate: boolean } = { mayCreate: false }
): Effect.Effect<A, Failure | Stopped> =>
  Effect.gen(function* () {
    const settings = yield* settingsOf(session)
    const path = settings.databasePath
    if (!options.mayCreate) yield* refuseMissing(path)
    const services = layerDomain.pipe(Layer.provideMerge(layerSqlite({ path })))
    return yield* use(settings).pipe(
      Effect.provide(services),
      Effect.mapError((error: Expected | Failure | Stopped): Failure | Stopped =>
        isExpected(error) ? explain(error, path) : error
      )
    )
  })
