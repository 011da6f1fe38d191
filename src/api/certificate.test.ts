import assert from "node:assert/strict"
import type { X509Certificate } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { makeAuthority, makeCertificate, type Pair } from "../../test/support/certificates.ts"
import { temporaryFolder } from "../../test/support/server.ts"
import { expiriesOf, flawsOf, parseCertificates } from "./certificate.ts"

const DAY = 24 * 60 * 60 * 1_000_000
const folder = await temporaryFolder()
const dir = folder.path
let authority: Pair
let short: Pair
let long: Pair

before(async () => {
  authority = await makeAuthority(dir, "ca")
  const wanted = { dir, authority, subject: "/CN=x", usage: "serverAuth" } as const
  short = await makeCertificate({ ...wanted, name: "short", alternatives: "DNS:ledger.example.com" })
  long = await makeCertificate({
    ...wanted,
    name: "long",
    alternatives: "DNS:localhost,IP:10.0.0.5",
    days: 100,
  })
})
after(() => folder.remove())

const textOf = ({ certificate }: Pair) => readFileSync(certificate, "utf8")
const parsed = (...pairs: readonly Pair[]) => parseCertificates(pairs.map(textOf).join(""), "x.crt")

type Row = readonly [
  why: string,
  certificate: () => readonly X509Certificate[],
  at: { readonly address?: string; readonly days?: number },
  seen: readonly string[],
]
const FLAWS: readonly Row[] = [
  ["in time, for the name", () => parsed(long), { address: "localhost" }, []],
  ["two weeks are left", () => parsed(long), { days: 85.9 }, []],
  ["less than two weeks are left", () => parsed(long), { days: 86.1 }, ["expiring warning"]],
  ["expired", () => parsed(long), { days: 101 }, ["expired bad"]],
  ["not valid yet", () => parsed(long), { days: -1 }, ["early bad"]],
  ["one of its chain ends sooner", () => parsed(long, authority), {}, ["expiring warning"]],
  ["it listens everywhere", () => parsed(long), { address: "0.0.0.0" }, []],
  ["it listens everywhere, IPv6", () => parsed(long), { address: "::" }, []],
  ["one machine's name for itself is another's", () => parsed(long), { address: "127.0.0.1" }, []],
  ["its address", () => parsed(long), { address: "10.0.0.5" }, []],
  ["another address, to which a name may lead", () => parsed(long), { address: "10.0.0.6" }, []],
  ["an address of one link", () => parsed(long), { address: "fe80::1%eth0" }, []],
  ["another name", () => parsed(long), { address: "other.example.com" }, ["otherName warning"]],
  [
    "this machine alone, and a name from outside",
    () => parsed(short),
    { address: "::1" },
    ["expiring warning", "otherName warning"],
  ],
  ["no name at all", () => parsed(authority), {}, ["expiring warning", "nameless bad"]],
]
for (const [why, certificate, { address = "0.0.0.0", days = 0 }, seen] of FLAWS) {
  test(`certificate: ${why}`, () => {
    const now = Date.now() * 1000 + days * DAY
    const found = flawsOf({ certificate: certificate(), clientCa: [] }, { address, now })
    assert.deepEqual(
      found.map(({ kind, state }) => `${kind} ${state}`),
      seen,
    )
  })
}

test("an authority that expired beside one that is good refuses some only; alone it refuses all", () => {
  const now = Date.now() * 1000 + 2 * DAY
  const of = (...clientCa: readonly Pair[]) =>
    flawsOf({ certificate: [], clientCa: parsed(...clientCa) }, { address: "::", now }).map(
      ({ kind, state, option }) => `${option} ${kind} ${state}`,
    )
  assert.deepEqual(of(authority, long), ["tls.clientCa expired warning"])
  assert.deepEqual(of(authority), ["tls.clientCa expired bad"])
})

test("the first to expire counts, of each file", () => {
  const both = parsed(long, short)
  const at = (both[1]?.validToDate.getTime() ?? 0) / 1000
  assert.deepEqual(
    [...expiriesOf({ certificate: both, clientCa: both })],
    [
      ["certificate", at],
      ["clientCa", at],
    ],
  )
  assert.deepEqual([...expiriesOf({ certificate: both, clientCa: [] }).keys()], ["certificate"])
})

test("a file that is cut anywhere is refused, also where whole certificates are left of it", () => {
  const whole = textOf(long) + textOf(short)
  const firstEnds = textOf(long).length
  for (let length = 0; length < whole.length - 1; length++) {
    if (length >= firstEnds - 1 && length < firstEnds + "-----BEGIN CERTIFICATE-----".length) continue // one, whole
    assert.throws(() => parseCertificates(whole.slice(0, length), "x.crt"), /x\.crt/, `cut at ${length}`)
  }
  const other = join(dir, "commented.crt")
  writeFileSync(other, `subject=x\n${whole}# end\n`)
  assert.equal(parseCertificates(readFileSync(other, "utf8"), other).length, 2)
})

test("the heading that older tools write is one too", () => {
  const older = textOf(long).replaceAll("CERTIFICATE-----", "X509 CERTIFICATE-----")
  const read = parseCertificates(older + textOf(short), "x.crt")
  assert.deepEqual(
    read.map(({ fingerprint256 }) => fingerprint256),
    parsed(long, short).map(({ fingerprint256 }) => fingerprint256),
  )
})
