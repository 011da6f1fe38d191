import assert from "node:assert/strict"
import { test } from "node:test"
import { checkExposure, type Exposure } from "./exposure.ts"

const none = { count: 0, hasSecrets: false }
const tokens = { count: 1, hasSecrets: true }
const certificates = { count: 1, hasSecrets: false }
const base: Exposure = { address: "0.0.0.0", insecure: false, tls: false, credentials: none }

const cases: [why: string, ok: boolean, Partial<Exposure>][] = [
  ["loopback needs nothing", true, { address: "127.0.0.1" }],
  ["all of 127/8 is loopback", true, { address: "127.9.9.9" }],
  ["IPv6 loopback", true, { address: "::1" }],
  ["localhost", true, { address: "localhost" }],
  ["every address, without credentials", false, {}],
  ["every IPv6 address, without credentials", false, { address: "::" }],
  ["loopback in IPv6's clothes is not trusted to be it", true, { address: "::ffff:127.0.0.1" }],
  ["a name may be any address", false, { address: "ledger.example.com" }],
  ["a name that only looks like loopback", false, { address: "127.0.0.1.example.com" }],
  ["an empty address is every address", false, { address: "" }],
  ["TLS alone lets everybody in", false, { tls: true }],
  ["tokens without TLS", false, { credentials: tokens }],
  ["tokens with TLS", true, { credentials: tokens, tls: true }],
  ["certificates with TLS", true, { credentials: certificates, tls: true }],
  ["insecure was said", true, { insecure: true }],
]
for (const [why, ok, change] of cases) {
  test(`checkExposure: ${why}`, () => {
    const check = () => checkExposure({ ...base, ...change })
    if (ok) check()
    else assert.throws(check, { code: "listen.exposed", message: /Three ways out/ })
  })
}
