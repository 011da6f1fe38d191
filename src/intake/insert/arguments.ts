import { Refusal } from "../../base/refusal.ts"

/**
 * How one insert request wants its lines read: VictoriaLogs' query arguments, or its `VL-*` headers where the argument
 * is absent. They decide what of a line is its time, message and stream; never its source.
 */
export type InsertArguments = {
  /** Fields to look for the time in, the first that holds one counts. */
  readonly timeFields: readonly string[]
  readonly msgFields: readonly string[]
  /** Undefined: those of the protocol (labels of Loki, resource attributes of OTLP). */
  readonly streamFields: readonly string[] | undefined
  /** Fields added to every line. */
  readonly extra: readonly (readonly [name: string, value: string])[]
  /** False: audit events within lines stay where they are. */
  readonly unwraps: boolean
  /** The answer says what became of each line. */
  readonly debug: boolean
  /** Arguments that were given and change nothing here. */
  readonly unused: readonly string[]
}

/** Names of one list; a pipeline has a handful. */
const NAMES_MAX = 64
const NAME_LENGTH_MAX = 128
/** All extra fields of a request together: they are added to every line. */
const EXTRA_BYTES_MAX = 4096

/** What collectors call the time, from the most to the least specific. */
const TIME_FIELDS = ["_time", "@timestamp", "timestamp", "time", "date", "ts"]
const MSG_FIELDS = ["_msg", "message", "msg", "log", "MESSAGE", "body"]

/** The ledger keeps lines as they came: these ask for bytes to be changed or left out. */
const CHANGE_NOTHING = ["ignore_fields", "decolorize_fields"] as const

const HEADERS: Readonly<Record<string, string>> = {
  _time_field: "vl-time-field",
  _msg_field: "vl-msg-field",
  _stream_fields: "vl-stream-fields",
  extra_fields: "vl-extra-fields",
  ignore_fields: "vl-ignore-fields",
  decolorize_fields: "vl-decolorize-fields",
  debug: "vl-debug",
}

/** Refuses `insert.parameters` for lists and names beyond their limits. */
export function parseInsertArguments(
  parameters: Readonly<Record<string, string>>,
  header: (name: string) => string | undefined,
): InsertArguments {
  const given = (name: string) => parameters[name] ?? header(HEADERS[name] ?? "") ?? ""
  const names = (name: string) => namesOf(name, given(name))
  const [time, msg, stream] = [names("_time_field"), names("_msg_field"), names("_stream_fields")]
  return {
    timeFields: time.length > 0 ? time : TIME_FIELDS,
    msgFields: msg.length > 0 ? msg : MSG_FIELDS,
    streamFields: stream.length > 0 ? stream : undefined,
    extra: extraOf(given("extra_fields")),
    unwraps: !["0", "false"].includes(parameters.unwrap ?? ""),
    debug: ["1", "true"].includes(given("debug")),
    unused: CHANGE_NOTHING.filter((name) => given(name) !== ""),
  }
}

function namesOf(argument: string, list: string): readonly string[] {
  const names = list.split(",").filter((name) => name !== "")
  if (names.length > NAMES_MAX) throw tooMuch(argument, `at most ${NAMES_MAX} names, saw ${names.length}`)
  if (names.some((name) => name.length > NAME_LENGTH_MAX)) {
    throw tooMuch(argument, `names of at most ${NAME_LENGTH_MAX} characters`)
  }
  return names
}

function extraOf(list: string): InsertArguments["extra"] {
  if (Buffer.byteLength(list) > EXTRA_BYTES_MAX)
    throw tooMuch("extra_fields", `at most ${EXTRA_BYTES_MAX} bytes`)
  const extra = new Map<string, string>()
  for (const pair of namesOf("extra_fields", list)) {
    const equals = pair.indexOf("=")
    if (equals < 1)
      throw tooMuch("extra_fields", `name=value pairs, saw ${JSON.stringify(pair.slice(0, 40))}`)
    extra.set(pair.slice(0, equals), pair.slice(equals + 1))
  }
  return [...extra]
}

function tooMuch(argument: string, expected: string): Refusal {
  return new Refusal("insert.parameters", `expected in ${argument} ${expected}`, { argument })
}
