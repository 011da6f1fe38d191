import { addPatterns, fieldSet, hasField } from "../fieldset.ts"
import { printFieldPattern, quoteIfNeeded } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { fieldValue, newRow } from "../row.ts"
import type { Filter, Pipe, RunScene } from "../tree.ts"
import { eachPipe } from "./each.ts"
import { type Overwrite, printOverwrite, putResult, readOverwrite } from "./overwrite.ts"
import { atPipeEnd, printSource, readField, readParenthesised, readPattern } from "./read.ts"

export type Unpacked = readonly (readonly [name: string, value: string])[]

/** A pipe that makes fields of a value. */
export type Unpack = {
  readonly word: string
  readonly when: Filter | undefined
  readonly from: string
  /** Options between the source and the rest, with a space before each. */
  readonly options?: string
  /** Only these, where any are named; without a star they become empty when they are not in the value. */
  readonly patterns: readonly string[]
  readonly prefix: string
  readonly overwrite: Overwrite
  /** Undefined where the value is nothing of the kind: the row stays as it is. */
  readonly find: (value: string, scene: RunScene) => Unpacked | undefined
}

export const OPTIONS = ["fields", "result_prefix", "keep_original_fields", "skip_empty_results"]

/** `[from] a`: the message, where nothing is said. */
export function readUnpackSource(reader: Reader, options: readonly string[] = OPTIONS): string {
  const named = reader.skip("from") || !(atPipeEnd(reader) || reader.is(...options))
  return named ? readField(reader) : "_msg"
}

export function readUnpackFields(reader: Reader): readonly string[] {
  if (!reader.skip("fields")) return []
  const patterns = readParenthesised(reader, "after fields", readPattern)
  return patterns.includes("*") ? [] : patterns
}

/** `result_prefix p keep_original_fields`. */
export function readUnpackEnd(reader: Reader): Pick<Unpack, "prefix" | "overwrite"> {
  return { prefix: readPrefix(reader), overwrite: readOverwrite(reader) }
}

export function readPrefix(reader: Reader): string {
  return reader.skip("result_prefix") ? reader.compound("a prefix") : ""
}

export function unpackPipe(unpack: Unpack): Pipe {
  const { word, when, from, patterns, prefix, overwrite, options = "" } = unpack
  const set = patterns.length === 0 ? undefined : fieldSet(patterns)
  const plain = patterns.filter((pattern) => !pattern.endsWith("*"))
  const closed = set !== undefined && plain.length === patterns.length
  return eachPipe({
    word,
    when,
    text: [
      printSource("from", from),
      options,
      set === undefined ? "" : ` fields (${patterns.map(printFieldPattern).join(", ")})`,
      prefix === "" ? "" : ` result_prefix ${quoteIfNeeded(prefix)}`,
      printOverwrite(overwrite),
    ].join(""),
    keepsRows: true,
    writes: closed ? plain.map((name) => prefix + name) : "any",
    needs: (after) => addPatterns(after, [from]),
    step: (row, scene) => {
      const unpacked = unpack.find(fieldValue(row, from), scene)
      if (unpacked === undefined) return row
      const changed = newRow(row)
      const found = new Map(unpacked)
      for (const name of plain) if (!found.has(name)) found.set(name, "")
      for (const [name, value] of found)
        if (set === undefined || hasField(set, name))
          putResult(changed, fieldName(prefix, name), value, overwrite)
      return changed
    },
  })
}

/** The empty name is the message's other name. */
function fieldName(prefix: string, name: string): string {
  return prefix + name === "" ? "_msg" : prefix + name
}
