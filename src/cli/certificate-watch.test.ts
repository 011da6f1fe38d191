import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { after, before, test } from "node:test"
import { makeAuthority, makeCertificate } from "../../test/support/certificates.ts"
import { temporaryFolder } from "../../test/support/server.ts"
import { testWorld } from "../../test/support/world.ts"
import { type Certificates, parseCertificates } from "../api/certificate.ts"
import { createMetrics } from "../api/metrics.ts"
import { watchCertificates } from "./certificate-watch.ts"
import { openLog } from "./log.ts"

const DAY = 24 * 60 * 60 * 1_000_000
const folder = await temporaryFolder()
const certificates: Certificates[] = []

before(async () => {
  const authority = await makeAuthority(folder.path, "ca")
  for (const days of [30, 90]) {
    const name = `for-${days}-days`
    const alternatives = "DNS:other.example.com"
    const pair = await makeCertificate({
      ...{ dir: folder.path, name, authority, subject: "/CN=x", alternatives, days },
      usage: "serverAuth",
    })
    const text = await readFile(pair.certificate, "utf8")
    certificates.push({ certificate: parseCertificates(text, name), clientCa: [] })
  }
})
after(() => folder.remove())

function watched(address: string) {
  let now = Date.now() * 1000
  const clock = () => now
  const world = testWorld({ cwd: folder.path, clock })
  const log = openLog({ level: "info", terminal: world.stderr, env: {}, clock })
  const metrics = createMetrics({ log: "x", seriesMax: 10, sources: [], redactionRules: [] })
  const tls = { certificates: certificates[0] as Certificates }
  const watch = watchCertificates({ tls, address, log, metrics, world })
  let read = 0
  return {
    watch,
    tls,
    metrics,
    pass: (days: number) => {
      now += days * DAY
    },
    /** Events since it was asked before. */
    said() {
      const lines = world.err().split("\n").slice(read, -1)
      read += lines.length
      return lines.map((line) => (JSON.parse(line) as { event: string }).event)
    },
  }
}

test("a certificate that comes to its end is told of when the time comes, and once a day from then on", () => {
  const { watch, pass, said } = watched("0.0.0.0")
  watch.look()
  assert.deepEqual(said(), [])
  pass(16.5)
  watch.look()
  assert.deepEqual(said(), ["certificate.expiring"])
  pass(0.9)
  watch.look()
  assert.deepEqual(said(), [])
  pass(0.2)
  watch.look()
  assert.deepEqual(said(), ["certificate.expiring"])
  pass(13)
  watch.look()
  assert.deepEqual(said(), ["certificate.expired"])
})

test("one that is renewed is told of once, and what was wrong no more", async () => {
  const { watch, tls, metrics, pass, said } = watched("0.0.0.0")
  const expiry = async () =>
    /^tallystick_tls_certificate_expiry_timestamp_seconds\{file="certificate"\} (\d+)$/m.exec(
      await metrics.text(),
    )?.[1]
  pass(29)
  watch.look()
  assert.deepEqual(said(), ["certificate.expiring"])
  const before = await expiry()
  tls.certificates = certificates[1] as Certificates
  watch.look()
  watch.look()
  assert.deepEqual(said(), ["certificate.taken"])
  assert.equal(Number(await expiry()) - Number(before), (60 * DAY) / 1e6)
})

test("a name that does not fit is told of at the start and at each reload, not every day", () => {
  const { watch, pass, said } = watched("ledger.example.com")
  watch.look()
  pass(2)
  watch.look()
  assert.deepEqual(said(), ["certificate.otherName"])
  watch.lookAnew()
  assert.deepEqual(said(), ["certificate.otherName"])
})

test("without TLS there is nothing to tell, and no series that an alert would take for 1970", async () => {
  const metrics = createMetrics({ log: "x", seriesMax: 10, sources: [], redactionRules: [] })
  assert.doesNotMatch(await metrics.text(), /^tallystick_tls_certificate_expiry_timestamp_seconds/m)
})
