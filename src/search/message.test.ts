import assert from "node:assert/strict"
import { test } from "node:test"
import { DUCKDB_ENVIRONMENT } from "../store/duckdb-environment.ts"
import { SEARCH_LIMITS } from "./message.ts"

test("there is a thread for each query in flight", () => {
  assert.ok(Number(DUCKDB_ENVIRONMENT.UV_THREADPOOL_SIZE) > SEARCH_LIMITS.queriesMax)
})
