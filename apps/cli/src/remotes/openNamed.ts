/** Remotes for commands: what goes wrong is a line for people. */
import type { SourceError } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Failure, misconfigured } from "../Failure.ts"
import { openRemote, type OpenOptions } from "./openRemote.ts"
import type { Remote } from "./Remote.ts"
import type { RemoteSettings } from "./RemoteSettings.ts"

/** Opens it; a setting that cannot be is a line for people. */
export const openNamed = (
  settings: RemoteSettings,
  options: OpenOptions = {}
): Effect.Effect<Remote, Failure, Scope.Scope> =>
  openRemote(settings, options).pipe(Effect.mapError(({ message }) => misconfigured(message)))

const nextStep = (error: SourceError, { secrets }: RemoteSettings): string => {
  switch (error.reason._tag) {
    case "Unauthorized":
      return `. Check ${["user", ...Object.keys(secrets)].filter((key) => key !== "user" || "password" in secrets).join(" and ")}`
    case "Malformed":
    case "Refused":
      return ". Check url and dialect"
    case "Unreachable":
    case "TimedOut":
      return ". Check url, and whether it can be reached from here"
    case "RateLimited":
    case "VendorFailed":
      return ". Try again later"
  }
}

/** A remote's failure as a command ends with it: 3 where it may pass by itself, 2 where settings are the likely cause. */
export const remoteFailure = (settings: RemoteSettings, error: SourceError): Failure =>
  new Failure({
    kind: error.isRetryable ? "remote" : "config",
    message: `remote "${settings.name}": ${error.message}${nextStep(error, settings)}`,
    cause: error
  })
