import { ALL_FIELDS } from "../fieldset.ts"
import { newRow, type Row } from "../row.ts"
import type { RunScene, Sink } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { compareTexts } from "../words.ts"

const encoder = new TextEncoder()

type Limits = {
  /** Values shown of a field. */
  readonly most: number
  /** A field with more different values is left out. */
  readonly valuesMax: number
  /** A field with a longer value (bytes) is left out. */
  readonly bytesMax: number
  /** Whether a field that has the same value in every row is shown. */
  readonly constant: boolean
}
const DEFAULTS: Limits = { most: 10, valuesMax: 1_000, bytesMax: 128, constant: false }

/** `| facets N max_values_per_field N max_value_len N keep_const_fields`: the most frequent values of every field. */
export const facets: PipeWord = {
  word: "facets",
  example: `responseStatus.code:=403 | facets 5`,
  parse(reader) {
    reader.next()
    let limits = DEFAULTS
    if (/^[0-9]/.test(reader.token.text)) limits = { ...limits, most: positive() }
    for (;;) {
      if (reader.skip("max_values_per_field")) limits = { ...limits, valuesMax: positive() }
      else if (reader.skip("max_value_len")) limits = { ...limits, bytesMax: positive() }
      else if (reader.skip("keep_const_fields")) limits = { ...limits, constant: true }
      else break
    }
    function positive(): number {
      const start = reader.token
      const count = reader.count("a number above 0")
      if (count === 0) throw reader.refuse("expected a number above 0", start)
      return count
    }
    const { most, valuesMax, bytesMax, constant } = limits
    const text = [
      most === DEFAULTS.most ? "" : ` ${most}`,
      valuesMax === DEFAULTS.valuesMax ? "" : ` max_values_per_field ${valuesMax}`,
      bytesMax === DEFAULTS.bytesMax ? "" : ` max_value_len ${bytesMax}`,
      constant ? " keep_const_fields" : "",
    ].join("")
    return {
      word: "facets",
      print: () => `facets${text}`,
      needs: () => ALL_FIELDS,
      run: (next, scene) => runFacets(limits, next, scene),
    }
  },
}

function runFacets(limits: Limits, next: Sink, scene: RunScene): Sink {
  let rows = 0
  /** Undefined for a field that is left out. */
  const fields = new Map<string, Map<string, number> | undefined>()
  const put = (row: Row, name: string): boolean => {
    const value = row[name] ?? ""
    const counts = fields.has(name) ? fields.get(name) : new Map<string, number>()
    if (value === "" || counts === undefined) return true
    const known = counts.get(value)
    const tooMuch = known === undefined && (counts.size >= limits.valuesMax || isLong(value, limits.bytesMax))
    if (tooMuch) {
      fields.set(name, undefined)
      return true
    }
    counts.set(value, (known ?? 0) + 1)
    fields.set(name, counts)
    return known !== undefined || scene.budget.charge(96 + 2 * value.length)
  }
  return {
    take(row) {
      rows++
      return Object.keys(row).every((name) => put(row, name))
    },
    end() {
      for (const [name, counts] of [...fields].sort(([a], [b]) => compareTexts(a, b))) {
        if (counts === undefined || (!limits.constant && isConstant(counts, rows))) continue
        if (!showFacet(name, counts, limits.most, next)) break
      }
      next.end()
    },
  }
}

function isLong(value: string, bytesMax: number): boolean {
  return value.length > bytesMax || (3 * value.length > bytesMax && encoder.encode(value).length > bytesMax)
}

function isConstant(counts: ReadonlyMap<string, number>, rows: number): boolean {
  const [hits] = counts.values()
  return counts.size === 1 && hits === rows
}

function showFacet(name: string, counts: ReadonlyMap<string, number>, most: number, next: Sink): boolean {
  const frequent = [...counts].sort(([a, x], [b, y]) => y - x || compareTexts(a, b)).slice(0, most)
  return frequent.every(([value, hits]) => {
    const row = newRow()
    row.field_name = name
    row.field_value = value
    row.hits = String(hits)
    return next.take(row)
  })
}
