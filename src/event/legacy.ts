/**
 * A line of kube-apiserver's `--audit-log-format=legacy`, and what its own log prints of events it lost:
 *
 *     2026-07-24T10:11:12.345678Z AUDIT: id="..." stage="ResponseComplete" ip="192.0.2.10" method="create" user="alice"
 *       groups="\"devs\"" as="<self>" asgroups="<lookup>" user-agent="..." namespace="default" uri="/api/..." response="201"
 *
 * (k8s.io/apiserver pkg/audit/format.go; one line.) It says less than an event: no level, no objectRef, no
 * bodies. `ip` is the first of the source IPs, the one a client chooses. Such a line is kept as a record of
 * kind `log`; its columns are filled with what it says ({@link legacyEvent}).
 */
export type LegacyLine = {
  /** As written: RFC 3339 with up to nine fraction digits; requestReceivedTimestamp. */
  readonly time: string
  readonly auditID: string
  readonly stage: string
  readonly verb: string
  /**
   * Undefined where the line has `<none>`, `<self>`, `<lookup>`, `<unknown>` or `<deferred>`, or not the
   * field at all.
   */
  readonly username: string | undefined
  readonly groups: readonly string[]
  readonly impersonatedUsername: string | undefined
  readonly impersonatedGroups: readonly string[]
  readonly sourceIP: string | undefined
  readonly userAgent: string | undefined
  readonly namespace: string | undefined
  readonly requestURI: string
  readonly code: number | undefined
}

const HEAD = /^(\S{20,40}) AUDIT: /
const FIELD = /([a-z-]+)="((?:[^"\\]|\\.)*)"(?: |$)/y
const NOTHING: ReadonlySet<string> = new Set(["<none>", "<self>", "<lookup>", "<unknown>", "<deferred>"])

/** Undefined where the text is no such line; what stands before its time (a log's own prefix) is skipped. */
export function parseLegacyLine(text: string): LegacyLine | undefined {
  const mark = text.indexOf(' AUDIT: id="')
  const start = Math.max(text.lastIndexOf(" ", mark - 1), text.lastIndexOf("\n", mark - 1)) + 1
  const line = mark <= 0 ? "" : text.slice(start).trimEnd()
  const head = HEAD.exec(line)
  if (head === null) return undefined
  const fields = readFields(line, head[0].length)
  const time = head[1] ?? ""
  if (fields === undefined || Number.isNaN(Date.parse(time))) return undefined
  const read = (name: string) => {
    const value = fields.get(name)
    return value === undefined || NOTHING.has(value) ? undefined : value
  }
  const [auditID, stage, requestURI] = [read("id"), read("stage"), read("uri")]
  if (auditID === undefined || stage === undefined || requestURI === undefined) return undefined
  return {
    time,
    auditID,
    stage,
    verb: read("method") ?? "",
    username: read("user"),
    groups: readGroups(read("groups")),
    impersonatedUsername: read("as"),
    impersonatedGroups: readGroups(read("asgroups")),
    sourceIP: read("ip"),
    userAgent: read("user-agent"),
    namespace: read("namespace"),
    requestURI,
    code: readCode(read("response")),
  }
}

/** The line as an `audit.k8s.io/v1` Event: what it does not say is not there. */
export function legacyEvent(line: LegacyLine) {
  const { auditID, stage, verb, requestURI, userAgent, namespace, sourceIP, code } = line
  return {
    auditID,
    stage,
    verb,
    requestURI,
    requestReceivedTimestamp: line.time,
    user: { username: line.username, groups: line.groups },
    ...(line.impersonatedUsername === undefined
      ? {}
      : { impersonatedUser: { username: line.impersonatedUsername, groups: line.impersonatedGroups } }),
    ...(sourceIP === undefined ? {} : { sourceIPs: [sourceIP] }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(namespace === undefined ? {} : { objectRef: { namespace } }),
    ...(code === undefined ? {} : { responseStatus: { code } }),
  }
}

function readFields(line: string, start: number): Map<string, string> | undefined {
  const fields = new Map<string, string>()
  FIELD.lastIndex = start
  while (FIELD.lastIndex < line.length) {
    const match = FIELD.exec(line)
    const value = match === null ? undefined : unquoteGo(match[2] ?? "")
    if (match === null || value === undefined) return undefined
    fields.set(match[1] ?? "", value)
  }
  return fields
}

function readCode(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,5}$/.test(text) ? Number(text) : undefined
}

/** `"a","b"`: each quoted again by Go. Text of another form is one group. */
function readGroups(text: string | undefined): readonly string[] {
  if (text === undefined || text === "") return []
  const pieces = [...text.matchAll(/"((?:[^"\\]|\\.)*)"(?:,|$)/g)]
  const groups = pieces.map((piece) => unquoteGo(piece[1] ?? "") ?? "")
  return pieces.map((piece) => piece[0]).join("") === text ? groups : [text]
}

const SHORT: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
}

/**
 * What Go's %q quoted, without its quotes (the language's rules for interpreted string literals). `\x..`
 * gives the byte as a character of the same number: Go writes it only where the text was no UTF-8. Undefined
 * where Go would not read it.
 */
export function unquoteGo(quoted: string): string | undefined {
  let text = ""
  for (let i = 0; i < quoted.length; ) {
    const char = quoted.charAt(i)
    if (char !== "\\") {
      text += char
      i++
      continue
    }
    const next = quoted.charAt(i + 1)
    const digits = { x: 2, u: 4, U: 8 }[next]
    if (digits === undefined) {
      const plain = SHORT[next]
      if (plain === undefined) return undefined
      text += plain
      i += 2
      continue
    }
    const hex = quoted.slice(i + 2, i + 2 + digits)
    const point = Number.parseInt(hex, 16)
    if (hex.length !== digits || !/^[0-9a-f]+$/i.test(hex) || point > 0x10ffff) return undefined
    text += String.fromCodePoint(point)
    i += 2 + digits
  }
  return text
}
