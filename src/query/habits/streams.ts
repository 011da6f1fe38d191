import { findField } from "../../event/fields.ts"
import type { Token } from "../lexer.ts"
import { type Draft, sliceOf, splitTokens, wordOf } from "./draft.ts"
import { quoteIfNeeded } from "../quote.ts"
import { wholeMatch } from "./whole-match.ts"

/** The labels that every stream has. Records of kind `log` have others, of their sender's choice; audit events never. */
const LABELS = new Set(["cluster", "source", "kind"])

/** `{stream="audit.kube-apiserver"}`: the label that a collector gave audit events, which chooses none of them here. */
export function mendStreams(draft: Draft, tokens: readonly Token[]): void {
  let inside = false
  let inRows = false
  tokens.forEach((token, at) => {
    // `rows({a="1"}, {a="2"})` of join and union holds rows, not streams.
    if (wordOf(token) === "rows" && wordOf(tokens[at + 1]) === "(") inRows = true
    else if (wordOf(token) === ")") inRows = false
    else if (wordOf(token) === "{") {
      inside = !inRows
      if (inside) mendFields(draft, tokens, at)
    } else if (wordOf(token) === "}") inside = false
    else if (inside && /^[{,]$|^or$/.test(wordOf(tokens[at - 1])))
      mendMatcher(draft, tokens.slice(at, at + 3))
  })
}

/** Fields of an event that no sender of logs would make a label of its stream. */
function isEventField(label: string): boolean {
  return (
    findField(label) !== undefined &&
    (label.includes(".") || /^(verb|auditID|requestURI|userAgent)$/.test(label))
  )
}

/** Of one pair of braces: nobody writes more. */
const TOKENS_MAX = 100

/** `{verb="get"}`: a field of events is no label of their stream, so that nothing would be found. */
function mendFields(draft: Draft, tokens: readonly Token[], open: number): void {
  const inside = tokens.slice(open + 1, open + TOKENS_MAX)
  const length = inside.findIndex((token) => /^[{}]$/.test(wordOf(token)))
  if (length < 1 || wordOf(inside[length]) !== "}") return
  const matchers = splitTokens(inside.slice(0, length), (token) => wordOf(token) === ",").filter(
    (part) => part.length > 0,
  )
  // Without a value the label is absent, which is true of every record.
  if (!matchers.some(([label, , value]) => isEventField(label?.text ?? "") && value?.text !== "")) return
  const isPlain = ([, sign, , more]: readonly Token[]) =>
    more === undefined && /^(=|!=|=~|!~)$/.test(wordOf(sign))
  const used = tokens.slice(open, open + length + 2)
  const why = "what stands in braces are the labels of a stream; a field is compared behind a colon"
  if (!matchers.every(isPlain)) {
    draft.tell(used, why)
    return
  }
  const [fields, labels] = [true, false].map((wanted) =>
    matchers.filter(([label]) => isEventField(label?.text ?? "") === wanted),
  )
  const stream =
    labels?.length === 0 ? "" : `{${labels?.map((matcher) => sliceOf(draft.source, matcher)).join(",")}} `
  const filters = fields?.map(([label, sign, value]) =>
    compareField(label?.text ?? "", wordOf(sign), value?.text ?? ""),
  )
  draft.replace(used, stream + (filters?.join(" ") ?? ""), `${why}: write \`${filters?.join(" ")}\``)
}

function compareField(name: string, sign: string, value: string): string {
  const field = `${quoteIfNeeded(name)}:`
  const test = sign.endsWith("~") ? wholeMatch(field, value) : `${field}=${quoteIfNeeded(value)}`
  return sign.startsWith("!") ? `!${test}` : test
}

function mendMatcher(draft: Draft, matcher: readonly Token[]): void {
  const [label, sign, value] = matcher
  if (label === undefined || value === undefined || LABELS.has(label.text)) return
  // Without a value the label is absent, which is true of every record.
  if (!/^=~?$/.test(wordOf(sign)) || value.text === "") return
  if (!/audit/i.test(value.text)) return
  const why = `audit events have the stream labels cluster, source and kind, and no ${JSON.stringify(label.text)}`
  draft.replace(matcher, `kind="k8s.audit"`, `${why}. They have kind="k8s.audit"`)
}
