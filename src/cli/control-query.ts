import { RESERVED } from "../event/record.ts"
import type { ControlName } from "../seal/control.ts"

/**
 * LogsQL filter for the ledger's own records of one kind, or of one `did`. By how their bodies begin, which is fixed
 * (docs/FORMAT.md, 'Control records'): the record of a query that only mentions a kind is none of them.
 */
export function controlFilter(kind: ControlName, what?: string): string {
  const start = `{"kind":${JSON.stringify(kind)},"version":1`
  const body = what === undefined ? start : `${start},"what":${JSON.stringify(what)}`
  return `(kind:=${RESERVED} raw:=${JSON.stringify(body)}*)`
}
