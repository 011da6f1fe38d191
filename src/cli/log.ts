import { pino } from "pino"
import { isRefusal, REFUSALS } from "../base/refusal.ts"
import type { Clock } from "../base/time.ts"
import { formatMicros } from "../base/time.ts"
import type { Terminal } from "./command.ts"
import { escapeText, paintFor } from "./terminal.ts"

/** What a line may carry besides its event: flat, so that nothing of an audit event can slip in with an object. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export type LogLevel = "debug" | "info" | "warn" | "error"

/**
 * Tallystick's own log: events with fields (`journal.opened {records: 7}`), never sentences, bodies or credentials.
 * Only cli/ logs; libraries call back.
 */
export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
  setLevel(level: LogLevel): void
  /** A refusal with its code and facts at `warn`; anything else with its stack at `error`. */
  trouble(event: string, error: unknown, fields?: LogFields): void
}

/** Whoever names a field like this holds something that must not be here. */
const SECRET_FIELDS = [
  "authorization",
  "cookie",
  "token",
  "password",
  "secret",
  "credential",
  "privateKey",
  "body",
  "raw",
  "requestObject",
  "responseObject",
]
/** Names and messages fit; events do not. */
const TEXT_LENGTH_MAX = 512
const STEERING = /[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g

/** JSON lines on standard error; one readable line each where that is a terminal. The one file that knows `pino`. */
export function openLog(given: {
  readonly level: LogLevel
  readonly terminal: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
}): Log {
  const { level, terminal, env, clock } = given
  const write = terminal.isTTY
    ? prettyWriter(terminal, env)
    : (line: string) => void terminal.write(defused(line))
  const log = pino(
    {
      level,
      base: null,
      messageKey: "event",
      timestamp: () => `,"time":"${formatMicros(clock())}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS, censor: "***" },
    },
    { write },
  )
  const at =
    (name: LogLevel) =>
    (event: string, fields: LogFields = {}) =>
      log[name](shortened(fields), event)
  const warn = at("warn")
  const error = at("error")
  return {
    debug: at("debug"),
    info: at("info"),
    warn,
    error,
    setLevel(level) {
      log.level = level
    },
    trouble(event, cause, fields = {}) {
      if (isRefusal(cause))
        warn(event, {
          ...cause.facts,
          ...fields,
          code: cause.code,
          message: cause.message,
          hint: REFUSALS[cause.code].hint,
        })
      else error(event, { message: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) })
    },
  }
}

function shortened(fields: LogFields): LogFields {
  const short = (value: unknown) =>
    typeof value === "string" && value.length > TEXT_LENGTH_MAX
      ? `${value.slice(0, TEXT_LENGTH_MAX)}…`
      : value
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(short) : short(value),
  ])
  return Object.fromEntries(entries) as LogFields
}

/** JSON leaves 8-bit control characters and bidi marks as they are; lines of logs are read on terminals too. */
function defused(line: string): string {
  return line.replace(STEERING, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`)
}

function prettyWriter(
  terminal: Terminal,
  env: Readonly<Record<string, string | undefined>>,
): (line: string) => void {
  const paint = paintFor(terminal, env)
  const colours: Readonly<Record<string, (text: string) => string>> = { warn: paint.yellow, error: paint.red }
  return (line) => {
    const { level, time, event, ...fields } = JSON.parse(line) as Record<string, unknown>
    const colour = colours[String(level)] ?? paint.dim
    const texts = Object.entries(fields).map(([name, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value)
      return `${paint.dim(`${escapeText(name)}=`)}${escapeText(/[\s"]/.test(text) ? JSON.stringify(text) : text)}`
    })
    const clockTime = String(time).slice(11, 23)
    terminal.write(
      `${paint.dim(clockTime)} ${colour(String(level).padEnd(5))} ${[escapeText(String(event)), ...texts].join(" ")}\n`,
    )
  }
}
