import assert from "node:assert/strict"
import { test } from "node:test"
import type { ObjectStore } from "../../src/store/objects.ts"

/** What every object store promises: an implementation's whole test file is a call of this. */
export function storeContract(
  name: string,
  open: () => Promise<{ readonly store: ObjectStore; close(): Promise<void> }>,
): void {
  const storeTest = (what: string, act: (store: ObjectStore) => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      const { store, close } = await open()
      try {
        await act(store)
      } finally {
        await close()
      }
    })
  const bytes = (text: string) => Uint8Array.from(Buffer.from(text))

  storeTest("what was put is got, byte for byte", async (store) => {
    const every = Uint8Array.from({ length: 256 }, (_, i) => i)
    await store.putOnce("a", every)
    await store.putOnce("empty", bytes(""))
    assert.deepEqual(Uint8Array.from((await store.get("a")) ?? []), every)
    assert.equal((await store.get("empty"))?.length, 0)
    assert.equal(await store.get("b"), undefined)
  })

  storeTest("the same bytes again are fine, others are a conflict and change nothing", async (store) => {
    await store.putOnce("tile/0/001", bytes("one"))
    await store.putOnce("tile/0/001", bytes("one"))
    for (const other of ["two", "on", "onee", ""]) {
      await assert.rejects(store.putOnce("tile/0/001", bytes(other)), { code: "store.conflict" })
    }
    assert.deepEqual(Buffer.from((await store.get("tile/0/001")) ?? []).toString(), "one")
  })

  storeTest("of several that put one name at once, one wins", async (store) => {
    const results = await Promise.allSettled(
      ["x", "y", "z"].map((text) => store.putOnce("name", bytes(text))),
    )
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1)
  })

  storeTest("names are listed by prefix, in order", async (store) => {
    for (const name of ["b/2", "a", "b/10", "b=c/x.parquet", "ba"]) await store.putOnce(name, bytes(name))
    assert.deepEqual(await store.list("b/"), ["b/10", "b/2"])
    assert.deepEqual(await store.list(""), ["a", "b/10", "b/2", "b=c/x.parquet", "ba"])
    assert.deepEqual(await store.list("c"), [])
  })

  storeTest(
    "what is deleted is gone and may be put anew; deleting what is not there is fine",
    async (store) => {
      await store.putOnce("d/e", bytes("1"))
      await store.delete("d/e")
      await store.delete("d/e")
      await store.delete("never/there")
      assert.equal(await store.get("d/e"), undefined)
      assert.deepEqual(await store.list(""), [])
      await store.putOnce("d/e", bytes("2"))
    },
  )

  storeTest("what is changed outside afterwards is not changed inside", async (store) => {
    const given = bytes("abc")
    await store.putOnce("k", given)
    given[0] = 0
    const got = await store.get("k")
    if (got !== undefined) got[1] = 0
    assert.equal(Buffer.from((await store.get("k")) ?? []).toString(), "abc")
  })

  for (const wrong of [
    "",
    "/a",
    "a/",
    "a//b",
    "..",
    "a/../b",
    ".hidden",
    "a\0",
    "a b",
    "~1",
    "é",
    "x".repeat(600),
  ]) {
    storeTest(`refuses the name ${JSON.stringify(wrong.slice(0, 20))}`, async (store) => {
      await assert.rejects(store.putOnce(wrong, bytes("")), { code: "store.name" })
      await assert.rejects(store.get(wrong), { code: "store.name" })
      await assert.rejects(store.delete(wrong), { code: "store.name" })
    })
  }
}
