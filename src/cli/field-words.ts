import { nearest } from "../base/nearest.ts"
import { Refusal } from "../base/refusal.ts"
import { FIELDS } from "../event/fields.ts"

/** Words that people say for fields, on the command line and in titles. */
export const FIELD_WORDS: Readonly<Record<string, string>> = {
  user: "user.username",
  as: "impersonatedUser.username",
  verb: "verb",
  resource: "objectRef.resource",
  subresource: "objectRef.subresource",
  group: "objectRef.apiGroup",
  namespace: "objectRef.namespace",
  name: "objectRef.name",
  code: "responseStatus.code",
  reason: "responseStatus.reason",
  actor: "actor.kind",
  ip: "sourceIPs",
  agent: "userAgent",
  uri: "requestURI",
  level: "level",
  stage: "stage",
  cluster: "cluster",
  source: "source",
  kind: "kind",
}

/** The field that a word means. Refuses `usage` for what is no word, no field and nothing inside a body. */
export function fieldOf(word: string): string {
  const known = Object.hasOwn(FIELD_WORDS, word) ? FIELD_WORDS[word] : undefined
  if (known !== undefined) return known
  const names = FIELDS.map(({ name }) => name)
  if (names.includes(word) || word.includes(".")) return word
  const meant = nearest(word, [...Object.keys(FIELD_WORDS), ...names])
  throw new Refusal(
    "usage",
    `there is no field ${JSON.stringify(word)}; ${meant === undefined ? "docs/LOGSQL.md lists them" : `did you mean ${meant}?`}`,
  )
}

/** `user,verb` as fields, in that order, none twice. */
export function fieldsOf(words: string): readonly string[] {
  const fields = words
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "")
    .map(fieldOf)
  if (fields.length === 0) throw new Refusal("usage", "expected fields like user,verb")
  return [...new Set(fields)]
}

/** The shortest word for a field, for the title of a column. */
export function wordOf(field: string): string {
  if (field === "_time") return "time (UTC)"
  return Object.keys(FIELD_WORDS).find((word) => FIELD_WORDS[word] === field) ?? field
}
