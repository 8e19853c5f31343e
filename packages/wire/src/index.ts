/**
 * Plumbing that several wire dialects share: query and form bodies, XML and JSON, limits, retries
 * and a cache of encoded records. It knows no remote system and no domain.
 */
export {
  MAX_BODY_BYTES,
  MAX_JSON_DEPTH,
  MAX_JSON_DIGITS,
  MAX_PARAMETERS,
  MAX_RECORD_BYTES,
  MAX_REPLY_BYTES,
  MAX_REPLY_XML_ELEMENTS,
  MAX_REQUEST_XML_ELEMENTS,
  MAX_XML_DEPTH
} from "./Limits.ts"
export { type JsonOptions, MalformedJson, parseJson } from "./JsonReader.ts"
export { corsHeaders, preflightHeaders } from "./Cors.ts"
export {
  type BrokenExchange,
  exchange,
  openExchange,
  type OpenReply,
  type Reply,
  type ReplyHead
} from "./HttpExchange.ts"
export { type BytesCache, makeBytesCache } from "./BytesCache.ts"
export {
  acceptedCharsets,
  acceptedTypes,
  type Charset,
  decodeText,
  encodeText,
  isReadable,
  type MediaType,
  parseMediaType,
  type Preference
} from "./MediaTypes.ts"
export { allow, isPrefetch } from "./Methods.ts"
export { MalformedParameters, Parameters } from "./Parameters.ts"
export { normalizePath, type NormalizedPath } from "./Paths.ts"
export { makeRecordCache, type RecordCache, type RecordCacheStats } from "./RecordCache.ts"
export {
  type AnswerOptions,
  type AnswerPiece,
  type JsonListOptions,
  splitAnswer,
  splitBytes,
  splitJson,
  type SplitLimits,
  splitXml,
  type XmlListOptions
} from "./RecordSplitter.ts"
export { BodyTooLarge, BodyUnreadable, readBytes, readForm, UnsupportedBody } from "./RequestBody.ts"
export {
  CIRCUIT_OPEN,
  makeRemoteTraffic,
  type RemoteTraffic,
  type TrafficOptions,
  type TrafficReport
} from "./RemoteTraffic.ts"
export {
  AttemptsBefore,
  MAX_RETRY_AFTER_MILLIS,
  parseHttpDate,
  retryAfter,
  retrying,
  type RetryOptions
} from "./RetryPolicy.ts"
export {
  MalformedXml,
  parseXml,
  parseXmlValues,
  xmlChild,
  xmlChildren,
  xmlChildText,
  type XmlElement,
  type XmlLimits
} from "./XmlReader.ts"
export { element, escapeAttribute, escapeText, XML_DECLARATION } from "./XmlWriter.ts"
