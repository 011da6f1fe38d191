/**
 * Bytes → records and events. Pure: no input or output, no clock, no randomness.
 *
 * - `sliceEvents(body)` cuts what a sender posted into items: exact bytes, what is not understood marked with
 *   a code of QUARANTINE, the rest with Hints (stage, verb, resource, code, actor) for counters. One pass,
 *   about 2 µs per KB.
 * - `compileRedaction(rules)` gives a Redactor: takes secrets out of an item before anything is written. Hand
 *   it the item's hints: without them it scans the item again.
 * - `parseEvent(body)`, `readField(event, name)`: the parsed view, by the names of FIELDS; off the hot path.
 * - `actorKind(username, groups)` and ACTOR_RULES, the same as data for SQL.
 * - `summarise(event)` and SUMMARY, one sentence per record, the same as data: `formatExpression(SUMMARY,
 *   column)` is SQL.
 * - `formatRecord`, `parseRecord`: the line that commits to a body.
 *
 *     const redact = compileRedaction()
 *     for (const { start, end, quarantined, hints } of sliceEvents(body).items) {
 *       const item = body.subarray(start, end)
 *       const bytes = redact(item, hints)?.body ?? item
 *     }
 */
export {
  ACTOR_KINDS,
  ACTOR_RULES,
  type ActorKind,
  type ActorMatch,
  type ActorRule,
  actorKind,
} from "./actor.ts"
export {
  type ColumnSql,
  type Condition,
  type Expression,
  evaluate,
  type Fields,
  formatExpression,
} from "./expression.ts"
export {
  DELIVERY_FIELDS,
  DERIVED_FIELDS,
  EVENT_FIELDS,
  FIELDS,
  type Field,
  type FieldType,
  findField,
  type Trust,
} from "./fields.ts"
export { KINDS } from "./kinds.ts"
export { type LegacyLine, legacyEvent, parseLegacyLine } from "./legacy.ts"
export {
  type Event,
  type FieldValue,
  integerAt,
  isTruncated,
  listAt,
  mapAt,
  parseEvent,
  readField,
  readPath,
  textAt,
} from "./parse.ts"
export { isQuarantineCode, QUARANTINE, type QuarantineCode } from "./quarantine.ts"
export type { Hints } from "./recognise.ts"
export {
  areWords,
  clusterOf,
  formatRecord,
  formatWords,
  isKind,
  isSource,
  LINE_BYTES_MAX,
  type NewRecord,
  type PlacedRecord,
  parseRecord,
  parseWords,
  RESERVED,
  type RecordLine,
  type Words,
} from "./record.ts"
export {
  compileRedaction,
  DEFAULT_REDACTION,
  ENVIRONMENT_REDACTION,
  type Redacted,
  type RedactionRule,
  type Redactor,
  redactionNames,
} from "./redact.ts"
export { type Item, SLICE_LIMITS, type Sliced, type SliceLimits, sliceEvents, sliceLines } from "./slice.ts"
export { type Delivery, SUMMARY, SUMMARY_FIELDS, summarise, summariseFields } from "./summary.ts"
