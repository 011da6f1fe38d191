import assert from "node:assert/strict"
import { test } from "node:test"
import { DUCKDB_ENVIRONMENT } from "../store/duckdb.ts"
import { CHILD_ENVIRONMENT, SEARCH_LIMITS } from "./message.ts"

test("the child runs in the environment that DuckDB needs", () => {
  assert.deepEqual(CHILD_ENVIRONMENT, DUCKDB_ENVIRONMENT)
  assert.ok(Number(CHILD_ENVIRONMENT.UV_THREADPOOL_SIZE) > SEARCH_LIMITS.queriesMax)
})
