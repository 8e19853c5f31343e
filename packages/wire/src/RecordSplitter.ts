/**
 * A saved list answer, JSON or XML, taken apart while it is read: the members of its list one by one as text of their
 * own, and at the end the rest of the answer with that list empty. However long the answer is, what is in memory is
 * one record and the rest.
 *
 * A record that is too long, too deep or not UTF-8 is `Unreadable` in its place. What breaks the document itself (a
 * bracket or tag that does not fit, text behind the end, a beginning that is neither form, a missing end) fails the
 * stream, after the records before it. A record's text is cut out, not judged: its reader parses it.
 *
 * Files of lines and of comma-separated cells have records of another kind, told apart by line ends and named by
 * line; they are no answers of a remote system and are cut elsewhere.
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { JsonSplitter } from "./internal/jsonSplitter.ts"
import { isBlank, type Splitter } from "./internal/splitting.ts"
import { XmlSplitter } from "./internal/xmlSplitter.ts"
import { MalformedJson } from "./JsonReader.ts"
import { MAX_RECORD_BYTES } from "./Limits.ts"
import type { MalformedXml } from "./XmlReader.ts"

/** A part of an answer, in the order of the answer; `Rest` comes once, last. Records are numbered from 1. */
export type AnswerPiece =
  | {
      readonly _tag: "Record"
      readonly form: "json" | "xml"
      readonly number: number
      /** The member as it stands in the answer; in XML with the namespaces declared around it. */
      readonly text: string
    }
  | {
      readonly _tag: "Unreadable"
      readonly form: "json" | "xml"
      readonly number: number
      readonly reason: string
      /** How the member begins; bytes that are not UTF-8 are replaced. */
      readonly text: string
    }
  | {
      readonly _tag: "Rest"
      readonly form: "json" | "xml"
      /** A whole document: the answer without the members of its list, and without comments. */
      readonly text: string
      /** How many members the list had, readable or not. */
      readonly records: number
      /** Whether there was a list at all: an answer may also be a single record, or an error. */
      readonly hasList: boolean
    }

export interface JsonListOptions {
  /**
   * Names of the member whose value is the list. It is the first array of such a name, at most three brackets deep;
   * an array that is the whole document is the list as well.
   */
  readonly lists: ReadonlyArray<string>
}

export interface XmlListOptions {
  /** Local names of the list's elements. */
  readonly items: ReadonlyArray<string>
  /** Local names of the element they stand in, at most four deep; absent: any. */
  readonly lists?: ReadonlyArray<string>
}

export interface SplitLimits {
  /** Longest record, and longest rest, in bytes. */
  readonly maxBytes?: number
}

/** Bytes looked at before what was found in them goes on. */
const STEP = 64 * 1024

/** The machine's pieces as the bytes come; its failure when everything before it has been given. */
const split = <E, F>(
  bytes: Stream.Stream<Uint8Array, E>,
  make: () => Splitter<F>
): Stream.Stream<AnswerPiece, E | F> =>
  Stream.transformPull(bytes, (pull) =>
    Effect.sync(() => {
      const splitter = make()
      const waiting: Array<Uint8Array> = []
      let hasEnded = false

      const take = (chunks: ReadonlyArray<Uint8Array>) => {
        for (let i = chunks.length - 1; i >= 0; i--) waiting.push(chunks[i]!)
      }
      const more = Pull.catchDone(Effect.map(pull, take), () => {
        hasEnded = true
        return Effect.void
      })

      const step = (): Pull.Pull<Arr.NonEmptyReadonlyArray<AnswerPiece>, E | F> => {
        for (;;) {
          if (splitter.failure !== undefined) return Effect.fail(splitter.failure)
          const chunk = waiting.pop()
          if (chunk === undefined) return hasEnded ? finish() : Effect.flatMap(more, step)
          if (chunk.length > STEP) waiting.push(chunk.subarray(STEP))
          const pieces = splitter.push(chunk.length > STEP ? chunk.subarray(0, STEP) : chunk)
          if (Arr.isReadonlyArrayNonEmpty(pieces)) return Effect.succeed(pieces)
        }
      }

      let isFinished = false
      const finish = (): Pull.Pull<Arr.NonEmptyReadonlyArray<AnswerPiece>, E | F> => {
        if (isFinished) return Cause.done()
        isFinished = true
        const pieces = splitter.end()
        if (splitter.failure !== undefined) return Effect.fail(splitter.failure)
        return Arr.isReadonlyArrayNonEmpty(pieces) ? Effect.succeed(pieces) : Cause.done()
      }
      return Effect.suspend(step)
    })
  )

const MARK = [0xef, 0xbb, 0xbf]

/** Drops a byte order mark, and gives the first byte that says something to whoever chooses the machine. */
class FormSplitter<F> implements Splitter<F | MalformedJson> {
  failure: F | MalformedJson | undefined
  readonly #choose: (first: number) => Splitter<F> | undefined
  #splitter: Splitter<F> | undefined
  #marks = 0

  constructor(choose: (first: number) => Splitter<F> | undefined) {
    this.#choose = choose
  }

  push(chunk: Uint8Array): ReadonlyArray<AnswerPiece> {
    let at = 0
    if (this.#splitter === undefined) {
      while (this.#marks < 3 && at < chunk.length && chunk[at] === MARK[this.#marks]) {
        this.#marks++
        at++
      }
      while (at < chunk.length && isBlank(chunk[at]!)) at++
      if (at === chunk.length) return []
      // A broken mark is text like any other.
      this.#splitter = this.#marks === 1 || this.#marks === 2 ? undefined : this.#choose(chunk[at]!)
      if (this.#splitter === undefined) {
        this.failure = new MalformedJson({ reason: "neither JSON nor XML" })
        return []
      }
    }
    const pieces = this.#splitter.push(at === 0 ? chunk : chunk.subarray(at))
    this.failure = this.#splitter.failure
    return pieces
  }

  end(): ReadonlyArray<AnswerPiece> {
    if (this.#splitter === undefined) {
      this.failure = new MalformedJson({ reason: "empty" })
      return []
    }
    const pieces = this.#splitter.end()
    this.failure = this.#splitter.failure
    return pieces
  }
}

const isJson = (first: number) => first === 0x7b || first === 0x5b

/** A JSON answer: `Record` texts are JSON values. */
export const splitJson = <E>(
  bytes: Stream.Stream<Uint8Array, E>,
  options: JsonListOptions & SplitLimits
): Stream.Stream<AnswerPiece, E | MalformedJson> =>
  split(bytes, () => new FormSplitter(() => new JsonSplitter(options, options.maxBytes ?? MAX_RECORD_BYTES)))

/** An XML answer: `Record` texts are documents whose root is the record's element. */
export const splitXml = <E>(
  bytes: Stream.Stream<Uint8Array, E>,
  options: XmlListOptions & SplitLimits
): Stream.Stream<AnswerPiece, E | MalformedJson | MalformedXml> =>
  split(bytes, () => new FormSplitter(() => new XmlSplitter(options, options.maxBytes ?? MAX_RECORD_BYTES)))

export type AnswerOptions = {
  readonly json: JsonListOptions
  readonly xml?: XmlListOptions
} & SplitLimits

const anySplitter = ({ json, maxBytes = MAX_RECORD_BYTES, xml }: AnswerOptions) =>
  new FormSplitter<MalformedJson | MalformedXml>((first) =>
    isJson(first)
      ? new JsonSplitter(json, maxBytes)
      : first === 0x3c && xml !== undefined
        ? new XmlSplitter(xml, maxBytes)
        : undefined
  )

/** An answer in the form that its first character tells. */
export const splitAnswer = <E>(
  bytes: Stream.Stream<Uint8Array, E>,
  options: AnswerOptions
): Stream.Stream<AnswerPiece, E | MalformedJson | MalformedXml> => split(bytes, () => anySplitter(options))

/** The same for an answer that is there as a whole; nothing of one that is broken itself. */
export const splitBytes = (
  bytes: Uint8Array,
  options: AnswerOptions
): Result.Result<ReadonlyArray<AnswerPiece>, MalformedJson | MalformedXml> => {
  const splitter = anySplitter(options)
  const pieces = [...splitter.push(bytes), ...splitter.end()]
  return splitter.failure === undefined ? Result.succeed(pieces) : Result.fail(splitter.failure)
}
