import type { Micros } from "../base/time.ts"
import { formatNanos, parseNanos } from "./nanos.ts"

export type SyslogScene = {
  /** Times of RFC 3164 have no year: they are within the last twelve months. */
  readonly now: Micros
  /** How far its clock is ahead of UTC, where the line does not say. */
  readonly offset: Micros
}

type Fields = readonly (readonly [name: string, value: string])[]

const FACILITIES = [
  ...["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"],
  ...["ntp", "security", "console", "solaris-cron"],
  ...["local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
]
const LEVELS = ["emerg", "alert", "critical", "error", "warning", "notice", "info", "debug"]

/** The fields of a line; none where a priority is begun and not finished. */
export function parseSyslog(text: string, scene: SyslogScene): Fields {
  const priority = /^<([0-9]{1,10})>/.exec(text)
  if (text === "" || (priority === null && text.startsWith("<"))) return []
  const rest = text.slice(priority?.[0].length ?? 0)
  const head = priority === null ? [] : priorityFields(Number(priority[1]))
  return [...head, ...(rest.startsWith("1 ") ? parseNew(rest.slice(2)) : parseOld(rest, scene))]
}

function priorityFields(priority: number): Fields {
  const facility = Math.floor(priority / 8)
  return [
    ["priority", String(priority)],
    ["facility_keyword", FACILITIES[facility] ?? "unknown"],
    ["level", LEVELS[priority % 8] ?? ""],
    ["facility", String(facility)],
    ["severity", String(priority % 8)],
  ]
}

/** RFC 5424: five words, structured data, a message. */
function parseNew(text: string): Fields {
  const fields: (readonly [string, string])[] = [["format", "rfc5424"]]
  let rest = text
  for (const name of ["timestamp", "hostname", "app_name", "proc_id", "msg_id"]) {
    const space = rest.indexOf(" ")
    const word = space < 0 ? rest : rest.slice(0, space)
    fields.push([name, word])
    if (space < 0) return fields
    rest = rest.slice(space + 1)
  }
  const data = parseStructuredData(rest)
  return [...fields, ...data.fields, ...parseMessage(data.rest)]
}

const ELEMENT = /\[([^\s=\]"]+)((?: +[^\s=\]"]+=(?:"(?:[^"\\]|\\.)*"|[^\s\]"]*))*) *\]/sy
const PARAMETER = /([^\s=\]"]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s\]"]*))/gs

function parseStructuredData(text: string): { readonly fields: Fields; readonly rest: string } {
  if (text === "-" || text.startsWith("- ")) return { fields: [], rest: text.slice(2) }
  const fields: (readonly [string, string])[] = []
  ELEMENT.lastIndex = 0
  let end = 0
  for (let element = ELEMENT.exec(text); element !== null; element = ELEMENT.exec(text)) {
    end = ELEMENT.lastIndex
    for (const [, name = "", quoted, plain = ""] of (element[2] ?? "").matchAll(PARAMETER))
      fields.push([`${element[1] ?? ""}.${name}`, (quoted ?? plain).replace(/\\(["\\\]])/g, "$1")])
  }
  return { fields, rest: text.slice(end).replace(/^ /, "") }
}

const OLD_TIME = /^([A-Z]{3}) ([ 0-9][0-9]) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?: |$)/i
const NEW_TIME = /^([0-9]{4}-[0-9]{2}-[0-9]{2}T\S+) /
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

/** RFC 3164: a time without a year, a host, a program with its process, a message. Without the time, a message. */
function parseOld(text: string, scene: SyslogScene): Fields {
  const format = ["format", "rfc3164"] as const
  const time = OLD_TIME.exec(text) ?? NEW_TIME.exec(text)
  const timestamp =
    time === null ? undefined : time.length === 2 ? newTime(time[1] ?? "") : oldTime(time, scene)
  if (time === null || timestamp === undefined) return [format, ["message", text]]
  let rest = text.slice(time[0].length)
  const fields: (readonly [string, string])[] = [format, ["timestamp", timestamp]]
  const host = rest.startsWith("CEF:") ? null : /^(\S+)(?: |$)/.exec(rest)
  if (host !== null) {
    fields.push(["hostname", host[1] ?? ""])
    rest = rest.slice(host[0].length)
  }
  const program = /^([^\s:[]+)(?:\[([^\]]*)\])?(?::? |:|$)/.exec(rest)
  if (program === null) return rest === "" ? fields : [...fields, ["message", rest]]
  fields.push(["app_name", program[1] ?? ""])
  if (program[2] !== undefined) fields.push(["proc_id", program[2]])
  // The program `CEF` has no message before its own version.
  return [...fields, ...parseMessage(rest.slice(program[0].length), program[1] === "CEF")]
}

function newTime(text: string): string | undefined {
  const nanos = parseNanos(text)
  return nanos === undefined ? undefined : formatNanos(nanos)
}

function oldTime(match: RegExpExecArray, { now, offset }: SyslogScene): string | undefined {
  const [, name = "", ...parts] = match
  const month = MONTHS.indexOf(name.toLowerCase())
  const [day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number)
  const at = (year: number) => Date.UTC(year, month, day, hour, minute, second) - offset / 1000
  const latest = now / 1000
  const thisYear = new Date(latest).getUTCFullYear()
  const year = at(thisYear) > latest + DAY ? thisYear - 1 : thisYear
  const isDay = month >= 0 && new Date(Date.UTC(year, month, day)).getUTCDate() === day
  if (!isDay || hour > 23 || minute > 59 || second > 59) return undefined
  return formatNanos(BigInt(Math.round(at(year))) * 1_000_000n)
}

/** A clock may be ahead by so much. */
const DAY = 24 * 3600 * 1000

function parseMessage(text: string, isCef = false): Fields {
  if (text === "") return []
  const body = isCef ? text.trimStart() : text.startsWith("CEF:") ? text.slice(4) : undefined
  const cef = body === undefined ? undefined : parseCef(body)
  return cef ?? [["message", text]]
}

const CEF_NAMES = [
  "version",
  "device_vendor",
  "device_product",
  "device_version",
  "device_event_class_id",
  "name",
  "severity",
]

/** Common Event Format: seven parts between bars, then `key=value` where values may hold spaces. */
function parseCef(text: string): Fields | undefined {
  const parts = /^((?:(?:[^|\\]|\\.)*\|){7})(.*)$/s.exec(text)
  if (parts === null) return undefined
  const values = (parts[1] ?? "").match(/(?:[^|\\]|\\.)*\|/gs) ?? []
  const fields = CEF_NAMES.map((name, i) => {
    return [`cef.${name}`, (values[i] ?? "|").slice(0, -1).replace(/\\([|\\])/g, "$1")] as const
  })
  const keys = [...(parts[2] ?? "").matchAll(/(?:^| )([^\s=\\]+)=/g)]
  const extension = keys.map((key, i) => {
    const end = keys[i + 1]?.index ?? (parts[2] ?? "").length
    const value = (parts[2] ?? "").slice(key.index + key[0].length, end)
    return [`cef.extension.${key[1] ?? ""}`, value.replace(/\\([=\\])/g, "$1")] as const
  })
  return [...fields, ...extension]
}
