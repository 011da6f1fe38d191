import assert from "node:assert/strict"
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import test, { after, before } from "node:test"
import { testWorld } from "../../test/support/world.ts"
import type { Options } from "./command.ts"
import { checkConfig, formatOrigin, loadConfig } from "./config-load.ts"
import { CONFIG_OPTIONS_ALL } from "./config-options.ts"

let folder = ""
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tallystick-config-"))
})
after(() => rm(folder, { recursive: true }))

type Given = { yaml?: string; env?: Record<string, string>; options?: Options }

async function check({ yaml, env = {}, options = {} }: Given) {
  const file = join(folder, "given.yaml")
  await writeFile(file, yaml ?? "")
  const { loaded, findings } = await checkConfig(
    { config: file, ...options },
    testWorld({ cwd: folder, env }),
  )
  const texts = findings.map(({ where, message }) => `${where.replace(file, "f")}: ${message}`)
  return { loaded, config: loaded?.config, findings: texts }
}

test("without a file, variables or flags every default is in force", async () => {
  const { config, origins } = await loadConfig({}, testWorld({ cwd: folder }))
  assert.equal(config.listen.address, "127.0.0.1")
  assert.equal(config.listen.port, 9628)
  assert.equal(config.dir, join(folder, "data"))
  assert.deepEqual(config.seal, { intervalMs: 1000, recordsMax: 10_000, bytesMax: 16 * 1024 * 1024 })
  assert.equal(config.tls, undefined)
  assert.equal(origins.get("listen.port")?.kind, "default")
})

test("flags win over variables, variables over the file, the file over defaults", async () => {
  const yaml = "seal: { intervalMs: 2000, recordsMax: 20, bytesMax: 1MiB }\n"
  const env = { TALLYSTICK_SEAL_RECORDS_MAX: "30", TALLYSTICK_SEAL_BYTES_MAX: "2MiB" }
  const options = { set: ["seal.bytesMax=3 MiB"], dir: "elsewhere" }
  const { config, loaded } = await check({ yaml, env, options })
  assert.deepEqual(config?.seal, { intervalMs: 2000, recordsMax: 30, bytesMax: 3 * 1024 * 1024 })
  assert.equal(config?.dir, join(folder, "elsewhere"))
  const origin = (name: string) => formatOrigin(loaded?.origins.get(name) ?? { kind: "default" })
  assert.match(origin("seal.intervalMs"), /given\.yaml:1:9$/)
  assert.equal(origin("seal.recordsMax"), "TALLYSTICK_SEAL_RECORDS_MAX")
  assert.equal(origin("seal.bytesMax"), "--set seal.bytesMax")
  assert.equal(origin("dir"), "--dir")
})

test("tallystick.yaml in the working folder is found by itself; TALLYSTICK_CONFIG names another", async () => {
  const inside = await mkdtemp(join(folder, "cwd-"))
  await writeFile(join(inside, "tallystick.yaml"), "origin: found\n")
  await writeFile(join(inside, "other.yaml"), "origin: other\n")
  assert.equal((await loadConfig({}, testWorld({ cwd: inside }))).config.origin, "found")
  const env = { TALLYSTICK_CONFIG: "other.yaml" }
  assert.equal((await loadConfig({}, testWorld({ cwd: inside, env }))).config.origin, "other")
})

test("a tallystick.yaml that is there and cannot be read is refused, never replaced by defaults", async () => {
  const inside = await mkdtemp(join(folder, "cwd-"))
  // As one of another user, which the superuser never meets.
  await mkdir(join(inside, "tallystick.yaml"))
  await assert.rejects(loadConfig({}, testWorld({ cwd: inside })), { code: "input.unreadable" })
  const linked = await mkdtemp(join(folder, "cwd-"))
  await symlink("nowhere", join(linked, "tallystick.yaml"))
  await assert.rejects(loadConfig({}, testWorld({ cwd: linked })), { code: "input.unreadable" })
})

test("a named file that is not there is refused, never replaced by defaults", async () => {
  const world = testWorld({ cwd: folder })
  await assert.rejects(loadConfig({ config: "missing.yaml" }, world), {
    code: "input.unreadable",
    message: /ENOENT/,
  })
})

test("relative paths in a file are meant from its folder, elsewhere from the working folder", async () => {
  const inside = await mkdtemp(join(folder, "paths-"))
  await writeFile(
    join(inside, "c.yaml"),
    "key: k\ncredentials: [{ name: a, source: a, verbs: [write], tokenFile: t }]\n",
  )
  const world = testWorld({ cwd: folder, env: { TALLYSTICK_DIR: "d" } })
  const { config } = await loadConfig({ config: join(inside, "c.yaml") }, world)
  assert.equal(config.key, join(inside, "k"))
  assert.equal(config.credentials[0]?.tokenFile, join(inside, "t"))
  assert.equal(config.dir, join(folder, "d"))
})

test("a list can be given by a variable", async () => {
  const env = { TALLYSTICK_INTAKE_FILES: "[{ path: /var/log/audit.log, source: prod-1 }]" }
  const { config } = await check({ env })
  assert.deepEqual(config?.intake.files, [{ path: "/var/log/audit.log", source: "prod-1", from: "start" }])
})

test("variables that Kubernetes makes for services of that name are not ours", async () => {
  const env = {
    TALLYSTICK_SERVICE_HOST: "10.0.0.1",
    TALLYSTICK_SERVICE_PORT: "9628",
    TALLYSTICK_SERVICE_PORT_HTTPS: "9628",
    TALLYSTICK_PORT: "tcp://10.0.0.1:9628",
    TALLYSTICK_PORT_9628_TCP: "tcp://10.0.0.1:9628",
    TALLYSTICK_PORT_9628_TCP_PROTO: "tcp",
    TALLYSTICK_PORT_9628_TCP_ADDR: "10.0.0.1",
    TALLYSTICK_LISTEN_PORT: "tcp://10.0.0.2:80", // a service called tallystick-listen
  }
  assert.equal((await check({ env })).config?.listen.port, 9628)
})

const CREDENTIAL = "name: a, source: prod-1, verbs: [write]"
const findings: [why: string, given: Given, beginnings: string[]][] = [
  [
    "an unknown key names the nearest",
    { yaml: "listen:\n  prot: 1\n" },
    ['f:2:3: unknown key "prot"; did you mean port?'],
  ],
  [
    "an unknown key may belong elsewhere",
    { yaml: "port: 1\n" },
    ['f:1:1: unknown key "port"; did you mean listen.port?'],
  ],
  [
    "an unknown key near nothing shows what is known",
    { yaml: "scrub: { banana: 1 }\n" },
    ['f:1:10: unknown key "banana"; known here: intervalMinutes, fullHours'],
  ],
  [
    "an unknown key inside a list",
    { yaml: `credentials:\n  - { ${CREDENTIAL}, token: hunter2 }\n` },
    ['f:2:48: unknown key "token"; did you mean tokenFile?'],
  ],
  [
    "a number out of bounds",
    { yaml: "listen: { port: 70000 }\n" },
    ["f:1:11: expected a whole number from 0 to 65,535, saw 70000"],
  ],
  [
    "a word where a number is expected",
    { yaml: "seal: { bytesMax: lots }\n" },
    ['f:1:9: expected a whole number from 65,536 to 1,073,741,824, or a size like 64MiB, saw "lots"'],
  ],
  [
    "a choice",
    { yaml: "log: { level: loud }\n" },
    ['f:1:8: expected one of debug, info, warn, error, saw "loud"'],
  ],
  [
    "an unknown variable",
    { env: { TALLYSTICK_LISTEN_PROT: "1" } },
    ["TALLYSTICK_LISTEN_PROT: unknown variable; did you mean TALLYSTICK_LISTEN_PORT?"],
  ],
  [
    "a bad variable",
    { env: { TALLYSTICK_LISTEN_PORT: "x" } },
    ['TALLYSTICK_LISTEN_PORT: expected a whole number from 0 to 65,535, saw "x"'],
  ],
  [
    "an unknown --set",
    { options: { set: ["listen.prot=1"] } },
    ['--set: unknown option "listen.prot"; did you mean listen.port?'],
  ],
  [
    "the beginning of an option",
    { options: { set: ["tls.cert=a"] } },
    ['--set: unknown option "tls.cert"; did you mean tls.certificate?'],
  ],
  [
    "a --set without =",
    { options: { set: ["listen.port"] } },
    ['--set: expected option=value, saw "listen.port"'],
  ],
  [
    "a section that is none",
    { yaml: "listen: 9628\n" },
    ["f:1:1: expected a section with address, port, connectionsMax, co"],
  ],
  ["a file that is a list", { yaml: "- a\n" }, ['f:1:1: expected keys and values, saw ["a"]']],
  [
    "tls without its key",
    { yaml: "tls: { certificate: c }\n" },
    ['f:1:1: "key" is missing: PEM file with its private key'],
  ],
  [
    "all problems are found at once",
    { yaml: "listen: { port: -1 }\nseal: { recordsMax: 0 }\n" },
    [
      "f:1:11: expected a whole number from 0 to 65,535, saw -1",
      "f:2:9: expected a whole number from 1 to 65,536, saw 0",
    ],
  ],
  [
    "open to the network without credentials",
    { yaml: "listen: { address: 0.0.0.0 }\n" },
    ['f:1:11: without credentials it listens on loopback only, not on "0.0.0.0"'],
  ],
  [
    "open to the network without tls",
    { yaml: `listen: { address: '::' }\ncredentials: [{ ${CREDENTIAL}, tokenFile: t }]\n` },
    ['f:1:11: tokens and passwords would cross the network in the clear on "::"'],
  ],
  [
    "a redaction rule that would do nothing",
    { yaml: "redaction: { rules: [{ name: mine }] }\n" },
    ["f:1:14: "],
  ],
  ["open by name", { yaml: "listen: { address: 0.0.0.0, insecure: true }\n" }, []],
  [
    "two ways to prove who one is",
    {
      yaml: `credentials: [{ ${CREDENTIAL}, tokenFile: t, clientNames: [x] }]\ntls: { certificate: c, key: k, clientCa: a }\n`,
    },
    ["f:1:17: expected exactly one of tokenFile, tokenSha256, basic and clientNames, saw 2"],
  ],
  [
    "client certificates without an authority",
    { yaml: `credentials: [{ ${CREDENTIAL}, clientNames: [x] }]\n` },
    ["f:1:58: needs tls.clientCa"],
  ],
  [
    "a writer without a source",
    { yaml: "credentials: [{ name: a, verbs: [write], tokenFile: t }]\n" },
    ["f:1:15: needed to write"],
  ],
  [
    "the ledger's own source",
    { yaml: "intake: { anonymousSource: tallystick/x }\n" },
    ["f:1:11: tallystick is the ledger's own source"],
  ],
  [
    "a source that is none",
    { yaml: "intake: { anonymousSource: 'a b' }\n" },
    ['f:1:11: expected a source like prod-1/apiserver-0, saw "a b"'],
  ],
  [
    "versions the wrong way round",
    { yaml: "tls: { certificate: c, key: k, minVersion: '1.3', maxVersion: '1.2' }\n" },
    ["f:1:32: 1.3 is above tls.maxVersion 1.2"],
  ],
]
for (const [why, given, found] of findings) {
  test(`config: ${why}`, async () => {
    const seen = (await check(given)).findings
    assert.deepEqual(
      seen.map((text, i) => text.slice(0, found[i]?.length)),
      found,
    )
  })
}

test("a secret in the wrong place is not repeated in the message", async () => {
  const { findings } = await check({ yaml: `credentials: [{ ${CREDENTIAL}, tokenSha256: hunter2 }]\n` })
  assert.doesNotMatch(findings.join(), /hunter2/)
})

test("loadConfig refuses with the first problem and says how many more", async () => {
  const world = testWorld({ cwd: folder, env: { TALLYSTICK_SEAL_X: "1", TALLYSTICK_SEAL_Y: "1" } })
  await assert.rejects(loadConfig({}, world), {
    code: "config.malformed",
    message: /^TALLYSTICK_SEAL_X: .* \(and 1 more\)$/,
  })
})

test("a file with any key of a prototype is refused, not obeyed", async () => {
  const { findings } = await check({ yaml: "__proto__: { a: 1 }\nconstructor: 1\n" })
  assert.equal(findings.length, 2)
})

test("names of options and of variables are each used once", () => {
  const names = CONFIG_OPTIONS_ALL.map((option) => option.name)
  const variables = CONFIG_OPTIONS_ALL.map((option) => option.variable)
  assert.equal(new Set(names).size, names.length)
  assert.equal(new Set(variables).size, variables.length)
})
