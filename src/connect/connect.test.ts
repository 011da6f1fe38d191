import assert from "node:assert/strict"
import { test } from "node:test"
import { lint, PRESETS } from "../policy/index.ts"
import { planConnection, serversIn } from "./connect.ts"
import type { Connection } from "./connection.ts"
import { lintFile } from "./lint-file.ts"
import { DISTRIBUTIONS, flagOf } from "./server.ts"
import { checkServer } from "./server-checks.ts"

const NEWEST = { minor: 37 }
/** A certificate is a DER sequence; this one holds nothing, which is nobody's business here. */
const PEM = `-----BEGIN CERTIFICATE-----\n${btoa(`\x30\x82\x01\x00${"x".repeat(256)}`)}\n-----END CERTIFICATE-----\n`
const KEY = "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n"
const POLICY = PRESETS.find(({ name }) => name === "cis")?.text ?? ""

const connection: Connection = {
  ...{
    distribution: "kubeadm",
    policy: POLICY,
    url: "https://192.0.2.10:8443",
    source: "prod-1/cp-1",
    ca: PEM,
  },
  credential: { kind: "token", token: { path: "token", text: "s3cr3t\n" } },
  ...{ mode: "batch", rate: 2_000, kubernetes: NEWEST },
}

const forms = [
  ...DISTRIBUTIONS.map((distribution) => ({ distribution })),
  { distribution: "talos", form: "document" } as const,
]
for (const form of forms) {
  const name = Object.values(form).join(" as ")
  test(`${name}: what is written is read back, and lint finds nothing wrong with it`, () => {
    const asked = { ...connection, ...form }
    const { files } = planConnection(asked)
    const [server, ...more] = serversIn(files, asked)
    assert.ok(server !== undefined && more.length === 0)
    assert.equal(server.distribution, form.distribution)
    assert.equal(flagOf(server, "audit-webhook-batch-max-size")?.value, "300")
    assert.deepEqual(checkServer(server, { kubernetes: NEWEST, rate: 2_000 }), [])
    for (const file of files) {
      if (!file.name.endsWith(".yaml")) continue
      const found = lintFile(file.text, { rate: 2_000 })
      assert.deepEqual(
        found.filter(({ severity }) => severity !== "info"),
        [],
        file.name,
      )
    }
  })
  test(`${name}: the policy arrives with every rule and comment`, () => {
    const { files } = planConnection({ ...connection, ...form })
    const holder = files.find(({ text }) => text.includes("audit.k8s.io/v1"))?.text ?? ""
    for (const line of POLICY.split("\n")) assert.ok(holder.includes(line.trim()), line)
  })
}

test("the planned throughput is twice the rate, and a batch fits what a receiver takes", () => {
  for (const rate of [1, 50, 500, 2_000, 10_000, 50_000]) {
    const asked = { ...connection, rate }
    const [server] = serversIn(planConnection(asked).files, asked)
    assert.ok(server !== undefined)
    const value = (name: string) => Number(flagOf(server, `audit-webhook-${name}`)?.value)
    assert.ok(value("batch-max-size") * value("batch-throttle-qps") >= 2 * rate)
    assert.ok(value("batch-max-size") * value("truncate-max-event-size") < 32 * 1024 * 1024)
    assert.ok(value("batch-buffer-size") >= 10_000)
  }
})

test("no credential leaves but in the patch of Talos, which says so", () => {
  for (const distribution of DISTRIBUTIONS) {
    const { files, steps } = planConnection({ ...connection, distribution })
    const holding = files.filter(({ text }) => text.includes("s3cr3t"))
    assert.deepEqual(
      holding.map(({ name, secret, mode }) => ({ name, secret, mode })),
      distribution === "talos" ? [{ name: "talos-patch.yaml", secret: true, mode: 0o600 }] : [],
    )
    assert.ok(!steps.includes("s3cr3t"))
  }
})

test("each mode is written with its effect on loss", () => {
  const words = {
    batch: /buffer is full/,
    blocking: /its request goes on/,
    "blocking-strict": /refused with 500/,
  }
  for (const [mode, effect] of Object.entries(words)) {
    const { steps } = planConnection({ ...connection, mode: mode as Connection["mode"] })
    assert.match(steps, effect)
  }
})

// Each row would keep an API server from starting, or its events from arriving.
const refused: [why: string, change: Partial<Connection>, message: RegExp][] = [
  [
    "the policy does not load",
    { policy: "apiVersion: audit.k8s.io/v1\nkind: Policy\n" },
    /illegal policy with 0 rules/,
  ],
  [
    "the policy does not load there: any group is younger",
    {
      policy: 'apiVersion: audit.k8s.io/v1\nrules: [{level: None, resources: [{group: "*"}]}]\n',
      kubernetes: { minor: 35 },
    },
    /group: Invalid value/,
  ],
  [
    "credentials over plain http are left out",
    { url: "http://192.0.2.10:8443" },
    /plain http the credentials are left out/,
  ],
  [
    "so is everything that tells who sends",
    { url: "http://h", credential: undefined as never },
    /plain http/,
  ],
  ["a query is dropped", { url: "https://h/audit?source=a" }, /query \?source=a is dropped/],
  [
    "the host's network does not know the cluster's names",
    { url: "https://ledger.audit.svc.cluster.local" },
    /cannot be resolved/,
  ],
  ["nor the short ones", { url: "https://ledger.audit.svc:8443" }, /cannot be resolved/],
  ["an address with a password", { url: "https://a:b@h" }, /no https address/],
  ["no address", { url: "ledger:8443" }, /no https address/],
  ["a source that the ledger would not take", { source: "a//b" }, /no source/],
  ["no certificate for a CA", { ca: "hello" }, /no PEM certificate/],
  [
    "a certificate that is none",
    { ca: "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----" },
    /no PEM certificate/,
  ],
  ["a key in the place of a CA", { ca: PEM + KEY }, /private key/],
  [
    "a token of two lines",
    { credential: { kind: "token", token: { path: "t", text: "a\nb\n" } } },
    /no token/,
  ],
  [
    "key and certificate exchanged",
    {
      credential: {
        kind: "certificate",
        certificate: { path: "c", text: KEY },
        key: { path: "k", text: PEM },
      },
    },
    /c is no client.crt/,
  ],
  ["a rate of nothing", { rate: 0 }, /rate of 0/],
  ["a rate beyond one API server", { rate: 1e9 }, /rate of 1000000000/],
]
for (const [why, change, message] of refused) {
  test(`connect refuses: ${why}`, () => {
    const asked = Object.fromEntries(
      Object.entries({ ...connection, ...change }).filter(([, value]) => value !== undefined),
    ) as Connection
    assert.throws(() => planConnection(asked), { code: "connect.refused", message })
  })
}

test("a policy of several documents goes into a machine configuration as the server reads it: the first", () => {
  const policy = `---\n${POLICY}---\nkind: Other\n`
  const { files } = planConnection({ ...connection, distribution: "talos", policy })
  assert.ok(!files.some(({ text }) => text.includes("kind: Other")))
  assert.deepEqual(lint(POLICY), [])
})
