import { groupSql } from "../query/group-sql.ts"
import type { GroupsRead } from "../query/plan.ts"
import type { Row } from "../query/row.ts"
import type { GroupSink } from "../query/tree.ts"
import { partsOf } from "./parts.ts"
import { chunksOf } from "./read.ts"
import type { Scan } from "./scan.ts"
import { readsBodies } from "./statements.ts"

/** Groups of each part, counted by the engine and joined here. */
export async function* scanGroups({ grouping }: GroupsRead, scan: Scan): AsyncGenerator<readonly Row[]> {
  const { statements, progress } = scan
  const sink = scan.head as GroupSink
  const selected = [...grouping.keys, ...grouping.results]
  const parts = partsOf(scan.sources, scan.where, { bodies: selected.some(readsBodies) })
  const answers = statements.each(progress.begin(parts), ({ sources, where }, stop) =>
    statements.over(sources, [where, ...selected], (relation) => groupSql(grouping, relation, where), {
      stop,
    }),
  )
  yield* progress.told()
  for await (const rows of answers) {
    for await (const chunk of chunksOf(rows)) {
      const columns = rows.names.map((_, i) => chunk.column(i))
      for (let i = 0; i < chunk.count; i++) {
        if (!sink.take(columns.map((column) => column.text(i) ?? null))) return
      }
    }
    progress.step()
    yield* progress.told()
  }
}
