import type { Token } from "../lexer.ts"
import { type Draft, wordOf } from "./draft.ts"

/** The labels of our streams. No record has another. */
const LABELS = new Set(["cluster", "source", "kind"])

/** `{stream="audit.kube-apiserver"}`: labels of somebody else's collector, which choose nothing here. */
export function mendStreams(draft: Draft, tokens: readonly Token[]): void {
  let inside = false
  tokens.forEach((token, at) => {
    if (wordOf(token) === "{") inside = true
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
  const why = `records have the stream labels cluster, source and kind; none has ${JSON.stringify(label.text)}`
  if (/audit/i.test(value.text))
    draft.replace(matcher, `kind="k8s.audit"`, `${why}. Audit events have kind="k8s.audit"`)
  else draft.tell(matcher, why)
}
