/**
 * Environment of a process that runs DuckDB; whoever forks it sets it, it is read once at the start. One
 * thread of the pool for each query in flight; and both allocators keep what they have freed, instead of
 * having the kernel clear the same pages for every segment: glibc's (3 to 9 of 27 to 37 µs per event, measured
 * on 2 cores), and the engine's own, which else gives back after a second what the next segment needs
 * (3 µs more). The latter has one pool for all threads: each of several would keep as much. Other allocators
 * ignore these names. In a file of its own: who forks the process must not load the engine.
 */
export const DUCKDB_ENVIRONMENT: Readonly<Record<string, string>> = {
  UV_THREADPOOL_SIZE: "40",
  MALLOC_ARENA_MAX: "2",
  MALLOC_TRIM_THRESHOLD_: String(384 * 1024 * 1024),
  MALLOC_MMAP_THRESHOLD_: String(256 * 1024 * 1024),
  MALLOC_TOP_PAD_: String(64 * 1024 * 1024),
  DUCKDB_JE_MALLOC_CONF: "narenas:1,dirty_decay_ms:30000,muzzy_decay_ms:30000",
}
