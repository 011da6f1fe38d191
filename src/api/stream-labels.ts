const LABEL = /(?:^\{|,)\s*([^\s={},"]+)=("(?:[^"\\]|\\.)*")/gy

/** The labels of a stream as `_stream` prints them: `{cluster="prod-1",kind="k8s.audit"}`. */
export function labelsOf(stream: string): ReadonlyMap<string, string> {
  const labels = new Map<string, string>()
  for (const [, name = "", quoted = ""] of stream.matchAll(LABEL)) labels.set(name, unquoted(quoted))
  return labels
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, "$1")
}
