import assert from "node:assert/strict"
import { test } from "node:test"
import { Refusal } from "../base/refusal.ts"
import { loadPolicy, readPolicy } from "./load.ts"

const HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
const rule = (text: string): string => `${HEAD}rules:\n- ${text}\n`

// The texts are kube-apiserver's own.
const refused: readonly [why: string, text: string, message: string][] = [
  ["empty file", "", "unknown group version field audit.k8s.io/__internal, Kind=Policy in policy"],
  ["no rules", HEAD, "loaded illegal policy with 0 rules"],
  [
    "a version removed in 1.24",
    rule("level: Metadata").replace("v1", "v1beta1"),
    `failed decoding: no kind "Policy" is registered for version "audit.k8s.io/v1beta1" in scheme "k8s.io/apiserver/pkg/audit/scheme.go:30"`,
  ],
  [
    "another kind",
    rule("level: Metadata").replace("Policy", "EventList"),
    "failed decoding: converting (v1.EventList) to (audit.Policy): unknown conversion",
  ],
  [
    "a merge key as a value, which is its text",
    `${HEAD}rules:\n- level: !!merge <<\n`,
    'rules[0].level: Unsupported value: "\\u003c\\u003c": supported values: "None", "Metadata", "Request", "RequestResponse"',
  ],
  [
    "a whole number that is said to be a float",
    `${HEAD}rules:\n- level: !!float 1\n`,
    "failed decoding: json: cannot unmarshal number into Go struct field PolicyRule.rules.level of type v1.Level",
  ],
  [
    "an infinite value of a key that is none",
    `${HEAD}null: .inf\nrules: []\n`,
    "failed decoding: unsupported map key of type: %!s(<nil>), key: <nil>, value: +Inf",
  ],
  [
    "a string where a list belongs",
    rule("level: None\n  users: alice"),
    "failed decoding: json: cannot unmarshal string into Go struct field PolicyRule.rules.users of type []string",
  ],
  [
    "a bare on, which is a bool in YAML 1.1",
    rule("level: None\n  users: [on]"),
    "failed decoding: json: cannot unmarshal bool into Go struct field PolicyRule.rules.users of type string",
  ],
  [
    "a number for a name",
    rule("level: None\n  namespaces: [1]"),
    "failed decoding: json: cannot unmarshal number into Go struct field PolicyRule.rules.namespaces of type string",
  ],
  [
    "an empty first document",
    `---\n---\n${rule("level: Metadata")}`,
    "unknown group version field audit.k8s.io/__internal, Kind=Policy in policy",
  ],
  [
    "a creation time that is none",
    rule("level: None").replace("rules:", "metadata: {creationTimestamp: soon}\nrules:"),
    'failed decoding: parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"',
  ],
  [
    "a line of its own after a break that editors do not show",
    rule("level: None # a\u2028b"),
    "failed decoding: yaml: line 6: could not find expected ':'",
  ],
  [
    "another kind without a version",
    rule("level: None")
      .replace(/apiVersion.*\n/, "")
      .replace("Policy", "Event"),
    "failed decoding: converting (audit.Event) to (audit.Policy): unknown conversion",
  ],
  [
    "an unknown kind without a version",
    rule("level: None")
      .replace(/apiVersion.*\n/, "")
      .replace("Policy", "policy"),
    `failed decoding: no kind "policy" is registered for the internal version of group "audit.k8s.io" in scheme "k8s.io/apiserver/pkg/audit/scheme.go:30"`,
  ],
  [
    "a kind that every version has",
    rule("level: None").replace("audit.k8s.io/v1", "apps/v1").replace("Policy", "Status"),
    "failed decoding: converting (v1.Status) to (audit.Policy): unknown conversion",
  ],
  [
    "a list of rules alone",
    "- level: None\n",
    "failed decoding: couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type " +
      `struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
  ],
  [
    "a number too large for a number, which is a text",
    rule("level: 1e400"),
    `rules[0].level: Unsupported value: "1e400": supported values: "None", "Metadata", "Request", "RequestResponse"`,
  ],
  [
    "a text written as bytes",
    rule("level: !!binary aGk="),
    `rules[0].level: Unsupported value: "hi": supported values: "None", "Metadata", "Request", "RequestResponse"`,
  ],
  [
    "nothing within nothing's value",
    rule("level: None\n  null: [null]"),
    "failed decoding: unsupported map key of type: %!s(<nil>), key: <nil>, value: []interface {}{interface {}(nil)}",
  ],
  ["no YAML", "[", "failed decoding: yaml: line 1: did not find expected node content"],
  ["no level", rule("verbs: [get]"), "rules[0].level: Required value"],
  [
    "a level in lower case",
    rule("level: metadata"),
    `rules[0].level: Unsupported value: "metadata": supported values: "None", "Metadata", "Request", "RequestResponse"`,
  ],
  [
    "URLs with namespaces",
    rule("level: None\n  namespaces: [a]\n  nonResourceURLs: [/x]"),
    `rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs`,
  ],
  [
    "two errors are both told",
    rule('level: Nope\n  nonResourceURLs: ["x"]'),
    `[rules[0].level: Unsupported value: "Nope": supported values: "None", "Metadata", "Request", "RequestResponse", ` +
      `rules[0].nonResourceURLs[0]: Invalid value: "x": non-resource URL rules must begin with a '/' character]`,
  ],
]
// Each row was once a difference to a real server (k8s.io/apiserver 0.37 and 0.34 as libraries, random policies).
const regressions: typeof refused = [
  [
    "JSON that is cut off",
    "{",
    "failed decoding: couldn't get version/kind; json parse error: unexpected end of JSON input",
  ],
  [
    "flow YAML: what begins with a brace is JSON",
    "{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: None}]}",
    "failed decoding: couldn't get version/kind; json parse error: invalid character 'a' looking for beginning of object key string",
  ],
  [
    "of several wrong types the first by name, though it stands last",
    rule("level: None\n  users: 1\n  omitManagedFields: x"),
    "failed decoding: json: cannot unmarshal string into Go struct field PolicyRule.rules.omitManagedFields of type bool",
  ],
  [
    "stages have their own type",
    rule("level: None\n  omitStages: [1]"),
    "failed decoding: json: cannot unmarshal number into Go struct field PolicyRule.rules.omitStages of type v1.Stage",
  ],
  [
    "a kind that is a number",
    "apiVersion: audit.k8s.io/v1\nkind: 1\n",
    "failed decoding: couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string",
  ],
  [
    "two slashes in a version",
    rule("level: None").replace("v1", "v1/x"),
    "failed decoding: unexpected GroupVersion string: audit.k8s.io/v1/x",
  ],
  [
    "an empty version",
    rule("level: None").replace("/v1", "/"),
    "unknown group version field audit.k8s.io/__internal, Kind=Policy in policy",
  ],
  [
    "a kind that every group has",
    rule("level: None").replace("Policy", "ListOptions"),
    "failed decoding: converting (v1.ListOptions) to (audit.Policy): unknown conversion",
  ],
  [
    "metadata is decoded too",
    `${HEAD}metadata: {name: 1}\nrules: [{level: None}]\n`,
    "failed decoding: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string",
  ],
  [
    "YAML of version 1.2",
    `%YAML 1.2\n---\n${rule("level: None")}`,
    "failed decoding: yaml: found incompatible YAML document",
  ],
  [
    "another directive",
    `%X\n---\n${rule("level: None")}`,
    "failed decoding: yaml: found unknown directive name",
  ],
  [
    "a control character, even in a later document",
    `${rule("level: None")}---\nx: \u0000\n`,
    "failed decoding: yaml: control characters are not allowed",
  ],
  [
    "a key that is null",
    `${HEAD}null: [x]\n`,
    'failed decoding: unsupported map key of type: %!s(<nil>), key: <nil>, value: []interface {}{"x"}',
  ],
  [
    "a key that is a list",
    `${HEAD}? [a]\n: b\n`,
    'failed decoding: yaml: invalid map key: []interface {}{"a"}',
  ],
  ["not a number", `${HEAD}x: .nan\n`, "failed decoding: json: unsupported value: NaN"],
  [
    "0o17, which is a number to Go",
    `${HEAD}omitStages: 0o17\n`,
    "failed decoding: json: cannot unmarshal number into Go struct field Policy.omitStages of type []v1.Stage",
  ],
  [
    "stages are judged after resources, and the mixture last",
    rule("level: None\n  omitStages: [x]\n  nonResourceURLs: [/y]\n  resources: [{resourceNames: [z]}]"),
    '[rules[0].resources.resourceNames: Invalid value: ["z"]: using resourceNames requires at least one resource, ' +
      'rules[0].omitStages[0]: Invalid value: "x": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic, ' +
      'rules[0].nonResourceURLs: Invalid value: ["/y"]: rules cannot apply to both regular resources and non-resource URLs]',
  ],
  [
    "the same error twice is told once",
    rule("level: None\n  resources: [{resourceNames: [z]}, {resourceNames: [z]}]"),
    'rules[0].resources.resourceNames: Invalid value: ["z"]: using resourceNames requires at least one resource',
  ],
  [
    "text is quoted as Go quotes it, a level as JSON",
    rule('level: "<"\n  omitStages: ["\\a\\u00ad"]'),
    `[rules[0].level: Unsupported value: "\\u003c": supported values: "None", "Metadata", "Request", "RequestResponse", ` +
      `rules[0].omitStages[0]: Invalid value: "\\a\\u00ad": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic]`,
  ],
]
for (const [why, text, message] of [...refused, ...regressions]) {
  test(`loadPolicy refuses: ${why}`, () => {
    assert.throws(() => loadPolicy(text), { code: "policy.illegal", message })
  })
}

test("servers up to 1.33 print lists as Go source", () => {
  const text = rule("level: None\n  resources: [{resourceNames: [z]}]")
  const message =
    'rules[0].resources.resourceNames: Invalid value: []string{"z"}: using resourceNames requires at least one resource'
  assert.throws(() => loadPolicy(text, { minor: 33 }), { code: "policy.illegal", message })
})

test("JSON may be indented by tabs, which YAML may not", () => {
  const text =
    '{\n\t"apiVersion": "audit.k8s.io/v1",\n\t"kind": "Policy",\n\t"rules": [{"level": "None"}]\n}\n'
  assert.equal(loadPolicy(text).rules.length, 1)
})

test("a misplaced key is dropped as the server drops it, and told", () => {
  const { policy, unknownKeys } = readPolicy(
    rule("level: None\n  resources:\n  - group: apps\n    verbs: [get]"),
  )
  assert.deepEqual(policy.rules[0]?.verbs, [])
  assert.deepEqual(unknownKeys, [{ path: ["rules", 0, "resources", 0, "verbs"], key: "verbs" }])
})

test("any group is a group since 1.36, and keeps older servers from starting", () => {
  const text = rule('level: None\n  resources:\n  - group: "*"')
  assert.equal(loadPolicy(text).rules.length, 1)
  assert.throws(() => loadPolicy(text, { minor: 35 }), Refusal)
})

test("as the server reads it: a leading ---, one document, the last of a key, null as the empty name", () => {
  const text = `---\n${rule("level: None\n  users: [null, a]\n  level: Metadata")}---\nkind: [`
  const { policy, duplicateKeys } = readPolicy(text)
  assert.equal(policy.rules[0]?.level, "Metadata")
  assert.deepEqual(policy.rules[0]?.users, ["", "a"])
  assert.deepEqual(duplicateKeys, [{ path: ["rules", 0, "level"], place: { line: 7, column: 3 } }])
})

/** White space says nothing within quotes and brackets, not even too little of it. */
const farLeft: readonly [why: string, text: string, users: readonly string[]][] = [
  ["a bracket at the left", 'level: None\n  users: [\n"a",\nb\n]', ["a", "b"]],
  ["a bracket at the dash", "level: None\n  users: [\n    a\n]", ["a"]],
  ["a quote at the left", 'level: None\n  users: ["a\n", b]', ["a ", "b"]],
  ["single quotes over lines", "level: None\n  users:\n  - 'a\n''b\n\nc'", ["a 'b\nc"]],
  ["what looks like a comment", 'level: None\n  users: ["a\n#b\n..."]', ["a #b ..."]],
]
for (const [why, text, users] of farLeft) {
  test(`loaded as the server loads it: ${why}`, () => {
    const { policy, yaml } = readPolicy(`${rule(text)}- level: Metadata\n`)
    assert.deepEqual(policy.rules[0]?.users, users)
    const line = rule(text).split("\n").length
    assert.deepEqual(yaml.placeOf(["rules", 1]), { line, column: 3 })
  })
}

test("a thousand names at the left are read as fast as a policy is", () => {
  const names = Array.from({ length: 1_000 }, (_, i) => `user-${i}`)
  const start = process.threadCpuUsage().user
  const policy = loadPolicy(rule(`level: None\n  users: [\n${names.join(",\n")}\n]`))
  assert.deepEqual(policy.rules[0]?.users, names)
  assert.ok(process.threadCpuUsage().user - start < 2_000_000)
})

const tabs: readonly [why: string, text: string, refused: boolean][] = [
  ["a line of a tab behind plain text", "level: None\n\t\n- level: Metadata", true],
  ["deeper than the text's key", "level: None\n   \t\n- level: Metadata", false],
  ["a comment behind a tab", "level: None\n\t# all\n- level: Metadata", true],
  ["behind quotes, however deep", 'level: "None"\n        \t\n- level: Metadata', true],
  ["behind a comment", "level: None # a\n        \t\n- level: Metadata", true],
  ["within brackets", "level: None\n  users: [a,\n\t\n  b]", false],
  ["at the end", "level: None\n  users: [a]\n\t", true],
  ["at the end of a comment", "level: None\n# a\t", false],
]
for (const [why, text, isRefused] of tabs) {
  test(`tabs on lines of their own keep the server from starting, or not: ${why}`, () => {
    const load = () => loadPolicy(rule(text))
    if (isRefused)
      assert.throws(load, { code: "policy.illegal", message: /: found .* tab|: found character/ })
    else assert.equal(load().rules[0]?.level, "None")
  })
}

test("the server finds version and kind whatever their case, and calls them unknown", () => {
  const { policy, unknownKeys } = readPolicy(rule("level: None").replace("apiVersion", "ApiVersion"))
  assert.equal(policy.rules.length, 1)
  assert.deepEqual(unknownKeys, [{ path: ["ApiVersion"], key: "ApiVersion" }])
})

for (const [name, sign] of [
  ["a carriage return alone", "\r"],
  ["NEL", "\u0085"],
  ["a line separator", "\u2028"],
  ["a paragraph separator", "\u2029"],
] as const) {
  test(`${name} ends a comment, as for the server: what follows is a key`, () => {
    const { policy } = readPolicy(rule(`level: None # all${sign}  users: [bob]`))
    assert.deepEqual(policy.rules[0]?.users, ["bob"])
  })
}
