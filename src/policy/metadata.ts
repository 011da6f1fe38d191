import { cannotUnmarshal, illegal, isObject } from "./go-decode.ts"
import { goQuote } from "./go-quote.ts"

/** Types of metav1.ObjectMeta's fields, as Go names them. */
const FIELDS: Readonly<Record<string, string>> = {
  ...{ annotations: "map[string]string", creationTimestamp: "time", deletionGracePeriodSeconds: "int64" },
  ...{ deletionTimestamp: "time", finalizers: "[]string", generateName: "string", generation: "int64" },
  ...{
    labels: "map[string]string",
    managedFields: "[]v1.ManagedFieldsEntry",
    name: "string",
    namespace: "string",
  },
  ...{
    ownerReferences: "[]v1.OwnerReference",
    resourceVersion: "string",
    selfLink: "string",
    uid: "types.UID",
  },
}

const RFC3339 =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** Metadata is decoded and then ignored. Returns the keys that it does not know. */
export function decodeMetadata(metadata: unknown): readonly string[] {
  if (metadata === undefined || metadata === null) return []
  if (!isObject(metadata))
    throw illegal(`failed decoding: ${cannotUnmarshal(metadata, "Policy.metadata", "v1.ObjectMeta")}`)
  for (const [key, type] of Object.entries(FIELDS)) {
    const wrong = problemOf(metadata[key], type)
    if (wrong === undefined) continue
    const field = `ObjectMeta.metadata.${key}`
    throw illegal(`failed decoding: ${cannotUnmarshal(wrong.value, field, wrong.type)}`)
  }
  for (const time of [metadata.creationTimestamp, metadata.deletionTimestamp]) {
    if (typeof time !== "string" || RFC3339.test(time)) continue
    const why = /^\d{4}/.test(time) ? "" : `: cannot parse ${goQuote(time)} as "2006"`
    throw illegal(`failed decoding: parsing time ${goQuote(time)} as "2006-01-02T15:04:05Z07:00"${why}`)
  }
  return Object.keys(metadata).filter((key) => !Object.hasOwn(FIELDS, key))
}

function problemOf(
  value: unknown,
  type: string,
): { readonly value: unknown; readonly type: string } | undefined {
  if (value === undefined || value === null) return undefined
  if (type === "int64") return Number.isInteger(value) ? undefined : { value, type }
  if (type.startsWith("[]")) {
    if (!Array.isArray(value)) return { value, type }
    const wrong: unknown =
      type === "[]string" ? value.find((item) => item !== null && typeof item !== "string") : undefined
    return wrong === undefined ? undefined : { value: wrong, type: "string" }
  }
  if (type.startsWith("map")) {
    if (!isObject(value)) return { value, type }
    const wrong = Object.values(value).find((item) => item !== null && typeof item !== "string")
    return wrong === undefined ? undefined : { value: wrong, type: "string" }
  }
  return typeof value === "string" ? undefined : { value, type: type === "time" ? "string" : type }
}
