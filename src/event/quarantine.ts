/**
 * Why an item is kept without being understood. The code stands in the record's line (`quarantined=<code>`),
 * so codes are never renamed and never reused; the bytes are kept whole either way, and the sender hears 200.
 */
export const QUARANTINE = {
  syntax: "not JSON: a byte stands where JSON has no place for it, or something follows the value",
  utf8: "not UTF-8",
  cutOff: "the bytes end before the value does",
  depth: "nested deeper than limits.depthMax",
  tooLarge: "larger than limits.itemBytesMax",
  tooMany: "more items in one body than limits.itemsMax: what follows them, kept as one",
  notObject: "JSON, but no object",
  notEvent: "an object without the auditID and stage of an audit event",
  kind: "its kind is not Event",
  version: "its apiVersion is not audit.k8s.io/v1",
  type: "a field has another type than audit.k8s.io/v1 gives it",
  ambiguous: "a field stands twice: readers would disagree about its value",
  entry: "no entry of the protocol that a collector sent it by",
} as const satisfies Readonly<Record<string, string>>

export type QuarantineCode = keyof typeof QUARANTINE

export function isQuarantineCode(text: string): text is QuarantineCode {
  return Object.hasOwn(QUARANTINE, text)
}
