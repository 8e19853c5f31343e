/** The dialects whose saved answers can be read and written, each loaded when it is asked for. */
import type { DialectCodec } from "@tillbridge/domain"

interface Entry {
  readonly load: () => Promise<DialectCodec>
  /** Whether its answer says how many customers follow before the first of them. */
  readonly countsFirst: boolean
}

const entries = {
  polaris: {
    load: () => import("@tillbridge/polaris").then((module) => module.polarisCodec),
    countsFirst: false
  },
  virtpos: {
    load: () => import("@tillbridge/virtpos").then((module) => module.virtposCodec),
    countsFirst: true
  },
  lcmanager: {
    load: () => import("@tillbridge/lcmanager").then((module) => module.lcmanagerCodec),
    countsFirst: false
  },
  megawin: {
    load: () => import("@tillbridge/megawin").then((module) => module.megawinCodec),
    countsFirst: false
  }
} satisfies Readonly<Record<string, Entry>>

export type CodecId = keyof typeof entries

export const codecIds = Object.keys(entries) as ReadonlyArray<CodecId>

export const codecs: Readonly<Record<CodecId, Entry>> = entries
