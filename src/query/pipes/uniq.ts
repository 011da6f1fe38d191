import { ALL_FIELDS, fieldSet } from "../fieldset.ts"
import { printField } from "../quote.ts"
import { newRow, type Row, weighRow } from "../row.ts"
import type { Pipe, RunScene, Sink } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { countBy } from "./counted.ts"
import { printContained, readContained, readListOrParenthesised } from "./read.ts"

/** `| uniq by (a, b) filter "text" with hits limit N`: each combination of values once. */
export const uniq: PipeWord = {
  word: "uniq",
  example: `objectRef.resource:=secrets | uniq by (user.username) with hits`,
  parse(reader) {
    reader.next()
    const named = reader.skip("by")
    const fields =
      named || !reader.is("with", "hits", "limit", "|", ")", "") ? readListOrParenthesised(reader) : []
    const start = reader.token
    const contained = readContained(reader)
    if (contained !== "" && fields.length !== 1) throw reader.refuse("filter is about one field", start)
    reader.skip("with")
    const hits = reader.skip("hits") ? hitsName(fields) : undefined
    const limit = reader.skip("limit") ? reader.count("a number of rows") : 0
    return uniqPipe({ fields, contained, hits, limit })
  },
}

type Uniq = {
  readonly fields: readonly string[]
  /** Values must hold this text. */
  readonly contained: string
  readonly hits: string | undefined
  /** 0: all of them. */
  readonly limit: number
}

function uniqPipe(uniq: Uniq): Pipe {
  const { fields, contained, hits, limit } = uniq
  const text = [
    "uniq",
    fields.length > 0 ? ` by (${fields.map(printField).join(", ")})` : "",
    printContained(contained),
    hits === undefined ? "" : " with hits",
    limit > 0 ? ` limit ${limit}` : "",
  ].join("")
  if (fields.length === 0) {
    return {
      word: "uniq",
      print: () => text,
      needs: () => ALL_FIELDS,
      run: (next, scene) => uniqRows(hits, limit, next, scene),
    }
  }
  const counted = countBy(fields, (groups, next) => {
    const wanted = contained === "" ? groups : groups.filter(({ key }) => (key[0] ?? "").includes(contained))
    for (const { key, value } of limit > 0 ? wanted.slice(0, limit) : wanted) {
      const row = newRow()
      fields.forEach((field, i) => {
        row[field] = key[i] ?? ""
      })
      if (hits !== undefined) row[hits] = String(value.hits)
      if (!next.take(row)) return
    }
  })
  const only = fields.length === 1 && hits === undefined ? fields[0] : undefined
  return {
    word: "uniq",
    print: () => text,
    needs: () => fieldSet(fields),
    ...counted,
    join: (after) =>
      after.shape?.kind === "limit" && after.shape.rows > 0
        ? uniqPipe({ ...uniq, limit: limit > 0 ? Math.min(limit, after.shape.rows) : after.shape.rows })
        : undefined,
    ...(only === undefined ? {} : { onlyField: only }),
  }
}

/** Whole rows, when no fields are named. */
function uniqRows(hits: string | undefined, limit: number, next: Sink, scene: RunScene): Sink {
  const rows = new Map<string, { row: Row; hits: number }>()
  return {
    take: (row) => {
      const names = Object.keys(row).filter((name) => row[name] !== "")
      const key = JSON.stringify(names.sort().map((name) => [name, row[name]]))
      const known = rows.get(key)
      if (known !== undefined) known.hits++
      else if (!scene.budget.charge(2 * weighRow(row))) return false
      else rows.set(key, { row, hits: 1 })
      return true
    },
    end: () => {
      let left = limit > 0 ? limit : Number.POSITIVE_INFINITY
      for (const { row, hits: count } of rows.values()) {
        if (left-- <= 0) break
        const counted = newRow(row)
        if (hits !== undefined) counted[hits] = String(count)
        if (!next.take(counted)) break
      }
      next.end()
    },
  }
}

/** `hits`, or `hitss` where a field has that name already. */
export function hitsName(fields: readonly string[]): string {
  let name = "hits"
  while (fields.includes(name)) name += "s"
  return name
}
