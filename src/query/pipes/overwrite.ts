import { addPatterns, removeFields } from "../fieldset.ts"
import type { Reader } from "../reader.ts"
import { fieldValue, type MutableRow } from "../row.ts"
import type { FieldSet } from "../tree.ts"

/** What happens to a value that is there already: `keep_original_fields`, `skip_empty_results` or neither. */
export type Overwrite = "always" | "keepOriginal" | "skipEmpty"

/** Where it stands here; the two exclude each other. */
export function readOverwrite(reader: Reader): Overwrite {
  if (reader.skip("keep_original_fields")) return "keepOriginal"
  return reader.skip("skip_empty_results") ? "skipEmpty" : "always"
}

export function printOverwrite(overwrite: Overwrite): string {
  if (overwrite === "always") return ""
  return overwrite === "keepOriginal" ? " keep_original_fields" : " skip_empty_results"
}

/** Gives the row its result. */
export function putResult(row: MutableRow, field: string, value: string, overwrite: Overwrite): void {
  if (overwrite === "keepOriginal" && fieldValue(row, field) !== "") return
  if (overwrite === "skipEmpty" && value === "") return
  row[field] = value
}

/** What must be read so that `after` can be had behind a pipe that makes `results` of `sources`. */
export function neededFor(
  results: readonly string[],
  sources: readonly string[],
  overwrite: Overwrite = "always",
): (after: FieldSet) => FieldSet {
  return (after) => addPatterns(overwrite === "always" ? removeFields(after, results) : after, sources)
}
