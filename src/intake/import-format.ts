import { concat } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { LINE_BYTES_MAX } from "./file-lines.ts"
import { isLegacyLine } from "./file-records.ts"
import { ListCutter } from "./import-list.ts"

/** How a file is read: line by line, each judged by itself, or as documents of any shape. */
export type Format = "lines" | "lists"

const NEWLINE = 0x0a
/** Enough of a file that is not JSON to tell what it is. */
const TEXT_BYTES = 200
const [OPEN_OBJECT, OPEN_ARRAY] = [0x7b, 0x5b]

/** As much of a list's first line as is looked at to see whether it ends and another follows. */
const SNIFF_BYTES_MAX = 16 * 1024 * 1024

/**
 * Looks at the first line. A whole value, with another on the next line: lines, of which a broken one costs nothing but
 * itself. A document over several lines, or one list: lists.
 */
export class Sniffer {
  readonly #cutter = new ListCutter()
  #begun = false
  #isList = false
  #lineEnded = false
  #size = 0
  #isText = false
  #text: Uint8Array = new Uint8Array()

  /** Undefined while more must be seen. */
  push(chunk: Uint8Array): Format | undefined {
    let rest = chunk
    if (!this.#begun) {
      const at = firstByte(chunk)
      if (at === undefined) return undefined
      this.#begun = true
      rest = chunk.subarray(at)
      if (rest[0] === OPEN_ARRAY) return "lists"
      this.#isText = rest[0] !== OPEN_OBJECT
    }
    if (this.#isText) {
      this.#text = concat([this.#text, rest])
      return this.#text.length < TEXT_BYTES ? undefined : checkText(this.#text)
    }
    return this.#lineEnded ? this.#nextLine(rest) : this.#firstLine(rest)
  }

  end(): Format {
    if (this.#isText) return checkText(this.#text)
    return this.#isList ? "lists" : "lines"
  }

  #firstLine(rest: Uint8Array): Format | undefined {
    const newline = rest.indexOf(NEWLINE)
    const pieces = this.#cutter.push(newline < 0 ? rest : rest.subarray(0, newline))
    this.#isList ||= pieces.some(({ kind }) => kind === "envelope")
    if (!this.#isList && pieces.some(({ kind }) => kind === "item")) return "lines"
    this.#size += rest.length
    if (newline < 0) {
      const most = this.#isList ? SNIFF_BYTES_MAX : LINE_BYTES_MAX
      return this.#size > most ? this.end() : undefined
    }
    if (this.#isList && !this.#cutter.isBetween) return "lists"
    this.#lineEnded = true
    return this.#nextLine(rest.subarray(newline))
  }

  /** After a whole list, or after what is no whole value: another object says that lines are meant. */
  #nextLine(rest: Uint8Array): Format | undefined {
    const next = firstByte(rest)
    if (next === undefined) return undefined
    return rest[next] === OPEN_OBJECT ? "lines" : "lists"
  }
}

function firstByte(chunk: Uint8Array): number | undefined {
  // White space, NULs (a hole), and the three bytes of a byte order mark.
  const at = chunk.findIndex((byte) => byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf)
  return at < 0 ? undefined : at
}

const OTHERS: readonly (readonly [form: RegExp, name: string])[] = [
  [/^(?:---|kind:|apiVersion:|- |#|level:|auditID:)/, "YAML; convert it with a YAML tool to JSON first"],
  [/^PAR1/, "Parquet"],
  [/^PK\x03\x04/, "a ZIP archive; unpack it first"],
  [/^BZh/, "bzip2; unpack it first"],
  [/^\xfd7zXZ/, "xz; unpack it first"],
  [/^(?:\xff\xfe|\xfe\xff)/, "UTF-16"],
  [/^[^\s,;]{1,80}[,;][^\s,;]{1,80}[,;]/, "CSV"],
]

/** A file that does not begin with JSON: legacy lines are taken, all else is refused as what it seems to be. */
function checkText(start: Uint8Array): Format {
  if (isLegacyLine(start)) return "lines"
  const text = Buffer.from(start.subarray(0, TEXT_BYTES)).toString("latin1")
  const other = OTHERS.find(([form]) => form.test(text))?.[1] ?? "neither JSON nor the legacy log format"
  throw new Refusal("import.format", `expected audit events as JSON, the file seems to be ${other}`)
}
