import assert from "node:assert/strict"
import { test } from "node:test"
import { shapeMatrix, shapeVector } from "./stats.ts"

test("a vector: one sample a result that has a value, the other fields are labels, empty ones too", () => {
  const rows = [
    { verb: "get", n: "3", most: "404" },
    { verb: "", n: "1", most: "" },
  ]
  assert.deepEqual(shapeVector(rows, ["n", "most"], 1_795_199_100_250_000), [
    { metric: { __name__: "n", verb: "get" }, value: [1_795_199_100.25, "3"] },
    { metric: { __name__: "most", verb: "get" }, value: [1_795_199_100.25, "404"] },
    { metric: { __name__: "n", verb: "" }, value: [1_795_199_100.25, "1"] },
  ])
})

test("a histogram is one sample a bucket", () => {
  const sizes =
    '[{"vmrange":"1.896e+02...2.154e+02","hits":346},{"vmrange":"3.594e+02...4.084e+02","hits":42}]'
  assert.deepEqual(shapeVector([{ verb: "get", z: sizes }], ["z"], 0), [
    { metric: { __name__: "z_bucket", verb: "get", vmrange: "1.896e+02...2.154e+02" }, value: [0, "346"] },
    { metric: { __name__: "z_bucket", verb: "get", vmrange: "3.594e+02...4.084e+02" }, value: [0, "42"] },
  ])
})

test("a matrix: series by name, points by time, without steps that have none", () => {
  const rows = [
    { _time: "2026-11-20T18:25:00Z", verb: "get", n: "2" },
    { _time: "2026-11-20T18:24:00Z", verb: "list", n: "31" },
    { _time: "2026-11-20T18:24:00Z", verb: "get", n: "269" },
  ]
  assert.deepEqual(shapeMatrix(rows, ["n"]), [
    {
      metric: { __name__: "n", verb: "get" },
      values: [
        [1_795_199_040, "269"],
        [1_795_199_100, "2"],
      ],
    },
    { metric: { __name__: "n", verb: "list" }, values: [[1_795_199_040, "31"]] },
  ])
  const names = shapeMatrix([{ _time: "2026-11-20T18:24:00Z", a: "1", z: "2" }], ["z", "a"])
  assert.deepEqual(
    names.map(({ metric }) => metric.__name__),
    ["z", "a"],
    "results stand as the query has them",
  )
  assert.throws(() => shapeMatrix([{ n: "1" }], ["n"]), { code: "query.view" })
})
