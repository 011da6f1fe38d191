import assert from "node:assert/strict"
import { test } from "node:test"
import { loadPolicy } from "./load.ts"

const H = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"

/** What kube-apiserver prints of each, behind `failed decoding: yaml: `; found by giving it the same texts. */
const rows: readonly [text: string, problem: string][] = [
  [`${H}rules:\n- level: "None\n---\nfoo: bar\n`, "line 5: found unexpected document indicator"],
  [`${H}rules:\n- level: 'None\n...\n`, "line 5: found unexpected document indicator"],
  [
    `# c\n---\n${H}rules:\n- level: "None\n  users: [a]\n--- x\n`,
    "line 8: found unexpected document indicator",
  ],
  [`${H}rules:\n- level: None\n  users: *a\n  verbs: [b\n`, "unknown anchor 'a' referenced"],
  [`${H}rules:\n- &r\n  level: None\n- *r\n- *s\n- level: [\n`, "unknown anchor 's' referenced"],
  [`${H}rules:\n}\n`, "line 3: did not find expected node content"],
  [`${H}rules:\n- }\n`, "line 3: did not find expected node content"],
  [`${H}rules:\n- level: None\n  users:\n  ]\n`, "line 5: did not find expected node content"],
  ["}\n", "did not find expected node content"],
  ["[", "line 1: did not find expected node content"],
  ["[a", "line 1: did not find expected ',' or ']'"],
  ["[a,", "line 1: did not find expected node content"],
  ["a: [", "line 1: did not find expected node content"],
  ["a: [b", "line 1: did not find expected ',' or ']'"],
  ["a: [b,", "line 1: did not find expected node content"],
  ["a: {", "line 1: did not find expected node content"],
  ["a: {b", "line 1: did not find expected ',' or '}'"],
  ["a: {b:", "line 1: did not find expected node content"],
  ["a: {b: c", "line 1: did not find expected ',' or '}'"],
  [`${H}rules:\n- level: None\n  users: [a\n`, "line 5: did not find expected ',' or ']'"],
  [`${H}rules:\n- level: None\n  users: [a\n- level: None\n`, "line 5: did not find expected ',' or ']'"],
  [`${H}rules:\n- level: None\n  users: [a\n  verbs: [b]\n`, "line 5: did not find expected ',' or ']'"],
  [`${H}rules:\n\t- level: None\n`, "line 4: found character that cannot start any token"],
  [`${H}rules:\n-\tlevel: None\n`, "line 4: found character that cannot start any token"],
  [`${H}rules:\n- level: None\n\tusers: [a]\n`, "line 5: found a tab character that violates indentation"],
  [`${H}rules:\n- level: None\n  users:\n\t- a\n`, "line 6: found character that cannot start any token"],
  [`${H}rules:\n- level: None\n  users:\n  \t- a\n`, "line 6: found character that cannot start any token"],
  [`${H}rules:\n- level: None\n  \tusers: [a]\n`, "line 5: found a tab character that violates indentation"],
  ["\tapiVersion: x\n", "found character that cannot start any token"],
  [`${H}\trules: []\n`, "line 3: found a tab character that violates indentation"],
  [
    `${H}rules:\n- level: None\n\t\n- level: None\n`,
    "line 5: found a tab character that violates indentation",
  ],
  [
    `${H}rules:\n- level: None\n  resources:\n  - group: a\n\tresources: [b]\n`,
    "line 7: found a tab character that violates indentation",
  ],
  [`${H}rules:\n  - level: None\n\tusers: [a]\n`, "line 5: found a tab character that violates indentation"],
  [`${H}rules\n- level: None\n`, "line 4: could not find expected ':'"],
  [`${H}rules:\n- level: None\n  users [a]\n  verbs: [b]\n`, "line 6: could not find expected ':'"],
  [`${H}rules:\n- level: None\n   users: [a]\n`, "line 5: mapping values are not allowed in this context"],
  [`${H}rules:\n- level: None\n users: [a]\n`, "line 4: did not find expected key"],
  [`${H}rules:\n  - level: None\n - level: None\n`, "line 4: did not find expected key"],
  [`${H}rules:\n  - level: None\n   - level: None\n`, "line 4: did not find expected '-' indicator"],
  [`${H}rules:\n- level: None\n  users: [a]]\n`, "line 4: did not find expected key"],
  [`${H}rules:\n- level: None\n  users: "a" b\n`, "line 4: did not find expected key"],
  [`${H}rules:\n- level: None\n  users: ["a" "b"]\n`, "line 4: did not find expected ',' or ']'"],
  [`${H}rules:\n- level: None\n  users: [a: b: c]\n`, "line 4: did not find expected ',' or ']'"],
  [`${H}rules: []\n- level: None\n`, "line 3: did not find expected key"],
  [`${H}rules: - level: None\n`, "line 3: block sequence entries are not allowed in this context"],
  [
    `${H}rules:\n- level: None\n  users: *\n`,
    "line 5: did not find expected alphabetic or numeric character",
  ],
  [
    `${H}rules:\n- level: None\n  users: [*]\n`,
    "line 5: did not find expected alphabetic or numeric character",
  ],
  [
    `${H}rules:\n- level: None\n  nonResourceURLs: [/a, *]\n`,
    "line 5: did not find expected alphabetic or numeric character",
  ],
  [
    `${H}rules:\n- level: None\n  resources:\n  - group: *\n`,
    "line 6: did not find expected alphabetic or numeric character",
  ],
  [
    `${H}rules:\n- level: None\n  users: - a\n`,
    "line 5: block sequence entries are not allowed in this context",
  ],
  [
    `${H}rules:\n- level: None\n  users: {{ .Values }}\n`,
    'invalid map key: map[interface {}]interface {}{".Values":interface {}(nil)}',
  ],
  [`${H}rules:\n{{- range .x }}\n- level: None\n{{- end }}\n`, "line 5: could not find expected ':'"],
  [`${H}rules:\n- level: 'None\n`, "line 5: found unexpected end of stream"],
  [`${H}rules:\n- level: "No\\qne"\n`, "line 4: found unknown escape character"],
  [`${H}rules:\n- level: None\nrules\n`, "line 6: could not find expected ':'"],
  [`${H}rules:\n- level: None\n}\n`, "line 4: did not find expected key"],
  [`...\n${H}rules:\n- level: None\n`, "did not find expected node content"],
  [`---x\n${H}`, "line 2: mapping values are not allowed in this context"],
  [`${H}  kind: x\nrules: []\n`, "line 3: mapping values are not allowed in this context"],
  [`${H}rules: a: b\n`, "line 3: mapping values are not allowed in this context"],
  [`${H}rules:\n- level: None\n  users: [a] b\n`, "line 4: did not find expected key"],
  [`${H}rules:\n- level: None\n  users: |x\n`, "line 5: did not find expected comment or line break"],
  [`${H}rules:\n- level: None\n  users: !<\n`, "line 5: did not find expected tag URI"],
  [
    `${H}rules:\n- level: None\n  users: &\n`,
    "line 5: did not find expected alphabetic or numeric character",
  ],
  [`${H}rules:\n- level: None\n  users: @a\n`, "line 5: found character that cannot start any token"],
  [`${H}rules:\n- level: None\n  users: [@a]\n`, "line 5: found character that cannot start any token"],
  [`${H}rules:\n- level: None\n  users: [,]\n`, "line 4: did not find expected node content"],
  [`${H}rules:\n- level: None\n  users: [a,,b]\n`, "line 4: did not find expected node content"],
  [`${H}rules:\n- level: None\n  users: {a,,b}\n`, "line 4: did not find expected node content"],
  ["\u0001", "control characters are not allowed"],
  [`${H}rules:\n- level: None\n  users: [%a]\n`, "line 5: found character that cannot start any token"],
]
for (const [text, problem] of rows) {
  test(`as kube-apiserver says it of ${JSON.stringify(text.replace(H, "…"))}`, () => {
    assert.throws(() => loadPolicy(text), {
      code: "policy.illegal",
      message: `failed decoding: yaml: ${problem}`,
    })
  })
}
