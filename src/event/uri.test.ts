import assert from "node:assert/strict"
import { test } from "node:test"
import { toBytes } from "../base/bytes.ts"
import { isPlainPath, isPlainQuery, parameterRanges } from "./uri.ts"

const queries: [uri: string, plain: boolean, why: string][] = [
  ["/api/v1/pods", true, "no query"],
  ["/api?", true, "an empty query"],
  ["/api?watch&limit=5", true, "a name without a value"],
  ["/api?limit=500&resourceVersion=0", true, "harmless names"],
  ["/api?limit=500\\u0026resourceVersion=0", true, "as Go writes the ampersand"],
  ["/api?labelSelector=a=b=c", true, "more equals signs belong to the value"],
  ["/api?token=x", false, "another name"],
  ["/api?limit=5\\u0026token=x", false, "another name after Go's ampersand"],
  ["/api?limit=5;token=x", false, "a semicolon was a separator once"],
  ["/api?Limit=5", false, "names have their case"],
  ["/api?lim%69t=5", false, "an encoded name"],
  ["/api?=5", false, "no name"],
  ["/api?a\\/b", false, "an escape that needs none"],
  ["/api?limit=5?token=x", false, "a question mark in a value"],
]
for (const [uri, plain, why] of queries) {
  test(`isPlainQuery ${uri}: ${why}`, () => {
    const text = toBytes(`{"x":"${uri}"}`)
    assert.equal(isPlainQuery(text, 5, text.length - 1), plain)
  })
}

test("isPlainPath sees secrets and tokens in any case", () => {
  const isPlain = (uri: string) => isPlainPath(toBytes(uri), 0, uri.length)
  assert.deepEqual(["/api", "/api/v1/Secrets/x", "/x/TOKEN", "/secre", ""].map(isPlain), [
    true,
    false,
    false,
    true,
    true,
  ])
})

const ranges: [uri: string, values: string[]][] = [
  ["/a?token=x&b=c", ["x"]],
  ["/a?b=c&token=x=y", ["x=y"]],
  ["/a?token=", []],
  ["/a?token", []],
  ["/token=x", []],
  ["/a?t%6Fken=1;token=2?token=3\\u0026token=4", ["1", "2", "3", "4"]],
]
for (const [uri, values] of ranges) {
  test(`parameterRanges ${uri}`, () => {
    const found = parameterRanges(uri, /token/)
    assert.deepEqual(
      found.map(({ start, end }) => uri.slice(start, end)),
      values,
    )
  })
}
