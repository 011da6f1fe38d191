import { isLabelSelector } from "./label-selector.ts"
import type { Query } from "./query-string.ts"

/**
 * The object that a list or watch names by `fieldSelector=metadata.name=X`, or "". As kube-apiserver has it: only an
 * exact match counts, only of a name that a path could hold, and one parameter of a list that cannot be read makes it
 * ignore them all.
 */
export function nameSelected(query: Query): string {
  const first = (wanted: string) => query.find(([key]) => key === wanted)?.[1] ?? ""
  if (NUMBERS.some((key) => !isInt64(first(key))) || !isLabelSelector(first("labelSelector"))) return ""
  const terms = parseSelector(first("fieldSelector"))
  const name = terms?.find(({ field, isEqual }) => field === "metadata.name" && isEqual)?.value ?? ""
  return name === "." || name === ".." || /[/%]/.test(name) ? "" : name
}

const NUMBERS = ["limit", "timeoutSeconds"]

function isInt64(text: string): boolean {
  if (text === "") return true
  return (
    /^[+-]?\d+$/.test(text) &&
    BigInt.asIntN(64, BigInt(text.replace("+", ""))) === BigInt(text.replace("+", ""))
  )
}

type Term = { readonly field: string; readonly isEqual: boolean; readonly value: string }

/** `a=b,c!=d`; a backslash escapes a comma, an equals sign and itself. Undefined where the server refuses it. */
function parseSelector(text: string): readonly Term[] | undefined {
  const terms: Term[] = []
  for (const part of splitUnescaped(text)) {
    if (part === "") continue
    const [, field = "", operator = "", coded = ""] =
      /^((?:\\[\s\S]|[^\\=!]|!(?!=))*?)(!=|==|=)([\s\S]*)$/.exec(part) ?? []
    const value = unescapeValue(coded)
    if (operator === "" || value === undefined) return undefined
    terms.push({ field, isEqual: operator !== "!=", value })
  }
  return terms
}

function splitUnescaped(text: string): readonly string[] {
  return text.match(/(?:\\[\s\S]|[^,\\]|\\$)+/g) ?? []
}

function unescapeValue(coded: string): string | undefined {
  if (/[=,]/.test(coded.replace(/\\[\s\S]/g, ""))) return undefined
  if (/\\(?![\\,=])/.test(coded.replace(/\\\\/g, ""))) return undefined
  return coded.replace(/\\([\\,=])/g, "$1")
}
