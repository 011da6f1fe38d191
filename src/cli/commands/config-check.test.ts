import assert from "node:assert/strict"
import { truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { makeAuthority, makeCertificate, type Pair } from "../../../test/support/certificates.ts"
import { temporaryFolder } from "../../../test/support/server.ts"
import { testWorld } from "../../../test/support/world.ts"
import { configCheck } from "./config-check.ts"

const DAY = 24 * 60 * 60 * 1_000_000
const folder = await temporaryFolder()
let pair: Pair
let authority: Pair

before(async () => {
  authority = await makeAuthority(folder.path, "ca")
  pair = await makeCertificate({
    ...{ dir: folder.path, name: "server", authority, subject: "/CN=x", usage: "serverAuth", days: 100 },
    alternatives: "DNS:ledger.example.com",
  })
})
after(() => folder.remove())

async function check(given: {
  readonly days?: number
  readonly address?: string
  readonly tls?: Readonly<Record<string, string>>
}) {
  const { days = 0, address = "127.0.0.1", tls = {} } = given
  const files = Object.entries({ ...pair, ...tls }).map(([name, path]) => `  ${name}: ${path}\n`)
  writeFileSync(
    join(folder.path, "tallystick.yaml"),
    `listen: { address: ${address}, insecure: true }\ntls:\n${files.join("")}`,
  )
  const now = Date.now() * 1000 + days * DAY
  const run = async (json: boolean) => {
    const world = testWorld({ cwd: folder.path, clock: () => now })
    const code = await configCheck.run([], { json }, world)
    return { code, out: world.out() }
  }
  const [plain, json] = [await run(false), await run(true)]
  assert.equal(json.code, plain.code)
  assert.equal((JSON.parse(json.out) as { ok: boolean }).ok, plain.code === 0)
  return plain
}

const FINE = "ok: nothing to correct\n"
type Row = readonly [why: string, given: Parameters<typeof check>[0], code: number, out: RegExp]
const ROWS: readonly Row[] = [
  ["all is well", { address: "0.0.0.0" }, 0, new RegExp(`^${FINE}$`)],
  [
    "expires soon: serves today",
    { address: "0.0.0.0", days: 90 },
    0,
    /^warning: tallystick\.yaml:3:3: the certificate expires in 9 days; renew it; .*\nok: nothing/,
  ],
  [
    "expired",
    { address: "0.0.0.0", days: 101 },
    1,
    /^tallystick\.yaml:3:3: the certificate expired at .*; renew it/,
  ],
  ["not valid yet", { address: "0.0.0.0", days: -1 }, 1, /the certificate is valid only from .*; compare/],
  [
    "for another name than the one it listens at",
    { address: "other.example.com" },
    0,
    /^warning: .*the certificate is not for other\.example\.com but for DNS:ledger\.example\.com; .*\nok/,
  ],
]
for (const [why, given, code, out] of ROWS) {
  test(`config check, certificate: ${why}`, async () => {
    const checked = await check(given)
    assert.match(checked.out, out)
    assert.equal(checked.code, code)
  })
}

test("config check, certificate: the key of another, and an authority that is cut off", async () => {
  const misfit = await check({ tls: { key: authority.key } })
  assert.match(misfit.out, /^tallystick\.yaml:3:3: .*the key in \S*ca\.key is not that of the certificate in/)
  assert.equal(misfit.code, 1)
  const clientCa = join(folder.path, "cut.crt")
  writeFileSync(clientCa, "-----BEGIN CERTIFICATE-----\nMIIB\n")
  const cut = await check({ tls: { clientCa } })
  assert.match(cut.out, /cut\.crt cannot be read: is the file cut off\?/)
  truncateSync(clientCa)
  assert.match((await check({ tls: { clientCa } })).out, /cut\.crt holds no PEM certificate/)
})
