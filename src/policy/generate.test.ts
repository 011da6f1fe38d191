import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { isRefusal } from "../base/refusal.ts"
import { coverageOf, isCovered } from "./coverage.ts"
import { decide } from "./decide.ts"
import { generatePolicy } from "./generate.ts"
import { lint } from "./lint.ts"
import { loadPolicy } from "./load.ts"
import { LEVELS } from "./policy.ts"
import { PROTECTED, type Protected } from "./protected.ts"
import { requestOf } from "./request-text.ts"

const line: fc.Arbitrary<Protected> = fc.record({
  group: fc.constantFrom("", "apps", "example.com"),
  resources: fc.uniqueArray(fc.constantFrom("secrets", "pods", "pods/exec", "deployments", "on", "1e3"), {
    minLength: 1,
    maxLength: 3,
  }),
  verbs: fc.uniqueArray(fc.constantFrom("get", "list", "create", "update", "delete"), { minLength: 1 }),
  level: fc.constantFrom(...LEVELS),
  why: fc.constant("ours"),
})

test("a generated policy meets its list, records nothing else, and lint has no error; or there is a reason", () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (list) => {
      let text: string
      try {
        text = generatePolicy(list)
      } catch (error) {
        assert.ok(isRefusal(error, "coverage.unmet"))
        assert.match(error.message, /lint says (secret-bodies|configmap-bodies|wrong-group|exec-verbs)/)
        return
      }
      const policy = loadPolicy(text)
      assert.ok(isCovered(coverageOf(policy, list)))
      assert.deepEqual(
        lint(text).filter(({ severity }) => severity === "error"),
        [],
      )
      // The last rule says what holds without it; each other one is needed.
      for (const index of policy.rules.keys()) {
        if (index === policy.rules.length - 1) continue
        const rules = policy.rules.toSpliced(index, 1)
        assert.ok(!isCovered(coverageOf({ ...policy, rules }, list)), `rule ${index + 1} is needed`)
      }
      const unasked = requestOf({
        ...{ apiGroup: "batch", resource: "jobs", subresource: "" },
        ...{ verb: "create", namespace: "default", name: "" },
      })
      assert.equal(decide(policy, { ...unasked, user: "alice", groups: [] }).level, "None")
    }),
    { numRuns: 150 },
  )
})

test("the default list gives a policy that covers it", () => {
  assert.ok(isCovered(coverageOf(loadPolicy(generatePolicy(PROTECTED)))))
})

test("lines that contradict each other have no policy", () => {
  const pods = { group: "", resources: ["pods"], verbs: ["get"], why: "" }
  const list: readonly Protected[] = [
    { ...pods, level: "Request" },
    { ...pods, level: "None", levelMax: "Metadata" },
  ]
  assert.throws(() => generatePolicy(list), /get pods must be at least Request and at most Metadata/)
})
