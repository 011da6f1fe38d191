import type { Token } from "../lexer.ts"
import { type Draft, wordOf } from "./draft.ts"

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
    else if (wordOf(token) === "{") inside = !inRows
    else if (wordOf(token) === "}") inside = false
    else if (inside && /^[{,]$|^or$/.test(wordOf(tokens[at - 1])))
      mendMatcher(draft, tokens.slice(at, at + 3))
  })
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
