import assert from "node:assert/strict"
import test from "node:test"
import { FUNCTION_FILTERS, SIGN_FILTERS } from "../query/filters/index.ts"
import { parseQuery } from "../query/index.ts"
import { PIPES } from "../query/pipes/index.ts"
import { STATS } from "../query/stats/index.ts"
import { LOGSQL_BASICS } from "./docs-logsql.ts"

const examples = [
  ...LOGSQL_BASICS.map(([form]) => form),
  ...[...SIGN_FILTERS, ...FUNCTION_FILTERS, ...PIPES, ...STATS].map(({ example }) => example),
]
for (const example of examples) {
  test(`docs/LOGSQL.md: ${example} can be asked`, () => assert.ok(parseQuery(example)))
}
