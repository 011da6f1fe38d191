/** Whether kube-apiserver can read a `labelSelector`: `a=b,c!=d,e in (f,g),!h,i>1`. */
export function isLabelSelector(text: string): boolean {
  if (text.trim() === "") return true
  const terms = text.match(/(?:\([^()]*\)|[^,()]|[()])+|(?<=,)(?=,|$)|^(?=,)/g) ?? []
  return terms.every(isTerm)
}

const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const PREFIX = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/
const IN = /^\s*([^\s!=<>(),]+)\s+(?:in|notin)\s*\(([^()]*)\)\s*$/
const COMPARISON = /^\s*([^\s!=<>(),]+)\s*(==|=|!=|<|>)\s*([^\s!=<>(),]*)\s*$/
const EXISTS = /^\s*!?\s*([^\s!=<>(),]+)\s*$/

function isTerm(term: string): boolean {
  const [, key, operator, value = ""] = COMPARISON.exec(term) ?? []
  if (key !== undefined) {
    const isNumber = /^\d+$/.test(value)
    return isKey(key) && (operator === "<" || operator === ">" ? isNumber : isValue(value))
  }
  const [, member, values = ""] = IN.exec(term) ?? []
  if (member !== undefined) return isKey(member) && values.split(",").every((one) => isValue(one.trim()))
  const [, alone] = EXISTS.exec(term) ?? []
  return alone !== undefined && isKey(alone)
}

function isKey(text: string): boolean {
  const parts = text.split("/")
  const name = parts.at(-1) ?? ""
  return NAME.test(name) && (parts.length === 1 || (parts.length === 2 && PREFIX.test(parts[0] ?? "")))
}

function isValue(text: string): boolean {
  return text === "" || NAME.test(text)
}
