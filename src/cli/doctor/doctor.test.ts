import assert from "node:assert/strict"
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { createServer as createHttpServer } from "node:http"
import { type AddressInfo, createServer } from "node:net"
import { dirname, join } from "node:path"
import { type TestContext, test } from "node:test"
import { startApi } from "../../../test/support/api.ts"
import { makeAuthority, makeCertificate, type Pair } from "../../../test/support/certificates.ts"
import { temporaryFolder } from "../../../test/support/temporary.ts"
import { testWorld } from "../../../test/support/world.ts"
import type { Health } from "../../api/deps.ts"
import { TlsFiles } from "../../api/tls.ts"
import { realDisk } from "../../journal/disk.ts"
import { openJournal } from "../../journal/journal.ts"
import { newKey, readSigner, writeKey } from "../../seal/keys.ts"
import { formatCheckpoint } from "../../tlog/checkpoint.ts"
import { EMPTY_ROOT } from "../../tlog/merkle.ts"
import { signNote } from "../../tlog/note.ts"
import { formatEntry } from "../../store/catalogue-entry.ts"
import { examine, exitOf } from "../commands/doctor.ts"
import { loadConfig } from "../config-load.ts"
import { readText } from "../read.ts"
import type { FileSystem, Patient } from "./check.ts"
import { readJournalTail } from "./journal-tail.ts"
import { searchEvents } from "./searched-events.ts"

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5) * 1000
const MINUTE = 60_000_000
/** Above what Linux gives to a process. */
const GONE = 4_194_305
const ROOMY: FileSystem = { blocks: 1000, bfree: 900, bavail: 900, bsize: 4096, files: 1000, ffree: 900 }

type Home = { readonly dir: string; readonly keyFile: string }

/** A ledger whose journal got these records, one after the other. */
async function ledger(
  t: TestContext,
  records: readonly (readonly [source: string, kind: string, at: number])[],
) {
  const dir = join(temporaryFolder(t), "ledger")
  for (const name of ["journal", "tmp", "log", "keys"])
    mkdirSync(join(dir, name), { recursive: true, mode: 0o700 })
  chmodSync(dir, 0o700)
  let now = NOW - 60 * MINUTE
  let steady = 0
  const journal = await openJournal({
    place: {
      dir: join(dir, "journal"),
      tmp: join(dir, "tmp"),
      damaged: join(dir, "damaged"),
      disk: realDisk,
    },
    sealed: { records: 0, segmented: 0 },
    clock: () => now,
    steady: () => steady,
    onFatal: (error) => assert.fail(String(error)),
  })
  for (const [source, kind, at] of records) {
    steady += Math.max(0, at - now) // time that passes is no jump
    now = at
    await journal.append([{ source, kind, words: [], body: Buffer.from("{}") }])
  }
  await journal.heartbeat()
  await journal.close()
  const keyFile = join(dir, "keys/log.key")
  writeKey(keyFile, newKey("example.com/doctor"))
  writeCheckpoint(dir, keyFile)
  return { dir, keyFile }
}

function writeCheckpoint(dir: string, keyFile: string): void {
  const text = formatCheckpoint({ origin: "example.com/doctor", size: 0, root: EMPTY_ROOT })
  writeFileSync(join(dir, "log/checkpoint"), signNote(text, [readSigner(keyFile)]))
}

const HEALTHY = [["prod-1", "k8s.audit", NOW - MINUTE]] as const

/** A real server on a free port. */
async function server(t: TestContext, health: readonly Health[] = [], tls?: TlsFiles): Promise<URL> {
  const api = await startApi({ health: () => health, tls })
  const [address] = await api.listen()
  t.after(() => api.close())
  assert.ok(address !== undefined)
  return new URL(address)
}

async function patient(
  home: Home,
  changes: Partial<Patient> & { readonly set?: readonly string[] } = {},
): Promise<Patient> {
  const { set = [], ...rest } = changes
  const world = testWorld({ cwd: home.dir })
  const { config } = await loadConfig({ dir: home.dir, set }, world)
  return {
    config,
    keyFile: home.keyFile,
    server: new URL("http://127.0.0.1:9"),
    serverGiven: false,
    ca: undefined,
    now: NOW,
    steadyMs: () => 0,
    statfs: async () => ROOMY,
    silentMinutes: 15,
    tail: async () => readJournalTail(home.dir),
    searchEvents: () => searchEvents(home.dir, 15, NOW),
    ...rest,
  }
}

/** What is not fine, as `check state: saw`. */
async function symptoms(sick: Patient): Promise<readonly string[]> {
  const found = await examine(sick)
  return found
    .filter(({ state }) => state !== "fine")
    .map(({ check, state, saw }) => `${check} ${state}: ${saw}`)
}

function assertSymptoms(seen: readonly string[], expected: readonly RegExp[]): void {
  assert.equal(seen.length, expected.length, seen.join("\n"))
  for (const [i, pattern] of expected.entries()) assert.match(seen[i] ?? "", pattern)
}

test("a healthy ledger: every check says what it looked at, nothing is wrong", async (t) => {
  const well = await patient(await ledger(t, HEALTHY), {
    server: await server(t, [{ part: "journal", state: "ok" }]),
  })
  const found = await examine(well)
  assertSymptoms(await symptoms(well), [])
  assert.equal(exitOf(found), 0)
  const checks = new Set(found.map(({ check }) => check))
  assert.deepEqual(
    [...checks],
    ["listening", "parts", "journal", "disk", "key", "rights", "clock", "sending"],
  )
})

test("every symptom but a fine one says what to do", async (t) => {
  const home = await ledger(t, [])
  rmSync(home.dir, { recursive: true })
  const found = await examine(await patient(home))
  assert.ok(found.some(({ state }) => state === "bad"))
  for (const { state, fix, saw } of found) assert.equal(fix === undefined, state === "fine", saw)
})

test("nothing listens", async (t) => {
  const port = await freePort()
  const sick = await patient(await ledger(t, HEALTHY), { server: new URL(`http://127.0.0.1:${port}`) })
  assertSymptoms(await symptoms(sick), [new RegExp(`^listening bad: nothing listens on 127.0.0.1:${port}$`)])
})

test("another program holds the port: who", async (t) => {
  const other = createHttpServer((_request, response) => response.end("<h1>It works!</h1>")).listen(
    0,
    "127.0.0.1",
  )
  t.after(() => other.close())
  await new Promise((done) => other.once("listening", done))
  const { port } = other.address() as AddressInfo
  const sick = await patient(await ledger(t, HEALTHY), { server: new URL(`http://127.0.0.1:${port}`) })
  const who = process.platform === "linux" ? `; the port is held by process ${process.pid} \\(.*\\)` : ""
  assertSymptoms(await symptoms(sick), [
    new RegExp(`^listening bad: .* answers 200, and not as tallystick does${who}$`),
  ])
})

test("something that is not HTTP holds the port", async (t) => {
  const other = createServer((socket) => socket.end("SSH-2.0-x\r\n")).listen(0, "127.0.0.1")
  t.after(() => other.close())
  await new Promise((done) => other.once("listening", done))
  const { port } = other.address() as AddressInfo
  const sick = await patient(await ledger(t, HEALTHY), { server: new URL(`http://127.0.0.1:${port}`) })
  assertSymptoms(await symptoms(sick), [/^listening bad: 127\.0\.0\.1:\d+ does not speak http \(\w+\)/])
})

test("a server name that nobody knows", async (t) => {
  const sick = await patient(await ledger(t, HEALTHY), {
    // Longer than a part of a name may be: no server far away is asked, and none is waited for.
    server: new URL(`http://${"n".repeat(64)}.invalid:9628`),
    serverGiven: true,
  })
  assertSymptoms(await symptoms(sick), [/^listening bad: the name n{64}\.invalid is not known$/])
})

test("the search process is down, the journal too", async (t) => {
  const health: Health[] = [
    { part: "search", state: "degraded", reason: "starting again" },
    { part: "journal", state: "down", reason: "the disk is full" },
  ]
  const sick = await patient(await ledger(t, HEALTHY), { server: await server(t, health) })
  assertSymptoms(await symptoms(sick), [
    /^parts bad: search is degraded: starting again$/,
    /^parts bad: journal is down: the disk is full$/,
  ])
})

type Break = (home: Home) => void | Promise<void>
const broken: [
  why: string,
  breakIt: Break,
  changes: Partial<Patient> & { set?: string[] },
  seen: RegExp[],
][] = [
  [
    "the journal is gone",
    ({ dir }) => renameSync(join(dir, "journal"), join(dir, "moved")),
    {},
    [/^journal bad: .*journal cannot be written: ENOENT$/, /^clock unknown/, /^sending unknown/],
  ],
  [
    "something else is where the journal should be",
    ({ dir }) => {
      renameSync(join(dir, "journal"), join(dir, "moved"))
      writeFileSync(join(dir, "journal"), "")
    },
    {},
    [/^journal bad: .*: ENOTDIR$/, /^clock unknown/, /^sending unknown/],
  ],
  [
    "the disk takes 40 ms for a sync",
    () => {},
    { steadyMs: slowClock(40) },
    [/^disk warning: a sync takes 40\.0 ms \(median/],
  ],
  [
    "the disk is full to the limit",
    () => {},
    { statfs: async () => ({ ...ROOMY, bfree: 40, bavail: 40 }) },
    [/^disk bad: 96 % of the disk is in use.*senders hear 503$/],
  ],
  [
    "the disk is nearly full",
    () => {},
    { statfs: async () => ({ ...ROOMY, bfree: 120, bavail: 120 }) },
    [/^disk warning: 88 %/],
  ],
  ["no inodes are left", () => {}, { statfs: async () => ({ ...ROOMY, ffree: 0 }) }, [/^disk bad: .*inodes/]],
  [
    "the key is gone",
    ({ keyFile }) => rmSync(keyFile),
    {},
    [/^key bad: cannot open the key .*: there is no such file \(ENOENT\)$/],
  ],
  [
    "the key is another ledger's",
    ({ keyFile }) => {
      rmSync(keyFile)
      writeKey(keyFile, newKey("example.com/other"))
    },
    {},
    [/^key bad: .* did not sign the ledger's checkpoint/],
  ],
  [
    "the key has the right name but is another",
    ({ keyFile }) => {
      rmSync(keyFile)
      writeKey(keyFile, newKey("example.com/doctor"))
    },
    {},
    [/^key bad: .* did not sign the ledger's checkpoint/],
  ],
  [
    "the key is no key",
    ({ keyFile }) => writeFileSync(keyFile, "hunter2\n"),
    {},
    [/^key bad: (?!.*hunter2)/],
  ],
  [
    "the ledger has no checkpoint",
    ({ dir }) => rmSync(join(dir, "log/checkpoint")),
    {},
    [/^key bad: .* has no checkpoint$/],
  ],
  [
    "private keys that a killed process left",
    ({ keyFile }) => {
      writeKey(`${keyFile}.next`, newKey("example.com/doctor"))
      for (const name of [keyFile, `${keyFile}.next`, join(dirname(keyFile), "redaction.key")])
        writeFileSync(`${name}.${GONE}.tmp`, "x", { mode: 0o600 })
    },
    {},
    [
      /^key warning: a change of the log key was interrupted: .*log\.key\.next is there$/,
      /^key warning: .*\/log\.key\.\d+\.tmp is a private key that was never put into place$/,
      /^key warning: .*\/log\.key\.next\.\d+\.tmp is a private key/,
      /^key warning: .*\/redaction\.key\.\d+\.tmp is a private key/,
    ],
  ],
  [
    "others can read the key",
    ({ keyFile }) => chmodSync(keyFile, 0o644),
    {},
    [/^rights bad: the log key .* has mode 0644/],
  ],
  [
    "others can write the ledger",
    ({ dir }) => chmodSync(dir, 0o777),
    {},
    [/^rights bad: the ledger .* others can write it$/],
  ],
  [
    "others can read the ledger",
    ({ dir }) => chmodSync(dir, 0o755),
    {},
    [/^rights warning: the ledger .* everybody/],
  ],
  [
    "others can read a token",
    ({ dir }) => {
      writeFileSync(join(dir, "t"), "long-enough-to-be-one")
      chmodSync(join(dir, "t"), 0o644) // whatever the umask
    },
    { set: ["credentials=[{name: ci, source: ci, verbs: [write], tokenFile: t}]"] },
    [/^rights bad: the token of ci .* has mode 0644/],
  ],
  [
    "a token is too short for the server to start",
    ({ dir }) => writeFileSync(join(dir, "t"), "short", { mode: 0o600 }),
    { set: ["credentials=[{name: ci, source: ci, verbs: [write], tokenFile: t}]"] },
    [/^credentials bad: credential "ci" is refused: its token is shorter than 16/],
  ],
  [
    "a token is not there",
    () => {},
    { set: ["credentials=[{name: ci, source: ci, verbs: [write], tokenFile: none}]"] },
    [/^credentials bad: cannot read .*none: there is no such file/],
  ],
  [
    "the clock is behind the ledger",
    () => {},
    { now: NOW - 600_000_000 },
    [/^clock bad: the newest record is of 2026-01-02T03:0.*ahead of this clock$/],
  ],
  [
    "the API server is silent for an hour",
    () => {},
    { now: NOW + 60 * MINUTE },
    [/^sending bad: prod-1 sent its newest event 61 min ago$/],
  ],
]
for (const [why, breakIt, changes, seen] of broken) {
  test(`doctor finds: ${why}`, async (t) => {
    const home = await ledger(t, HEALTHY)
    await breakIt(home)
    const url = await server(t, [])
    const sick = await patient(home, { server: url, ...changes })
    assertSymptoms(await symptoms(sick), seen)
  })
}

/** A catalogue of segments of so many bytes, one for each of the last hours. */
function grow({ dir }: Home, hours: number, bytesEach: number): void {
  const lines = Array.from({ length: hours }, (_, i) => {
    const at = NOW - (i + 1) * 60 * MINUTE
    const number = String(i).padStart(16, "0")
    const name = `date=2026-01-01/${number}-${number}-0123456789abcdef.parquet`
    const times = { timeMin: at, timeMax: at, receivedMin: at, receivedMax: at }
    const made = { name, first: i, last: i, bytes: bytesEach, sha256: "0".repeat(64), replaces: [] }
    return formatEntry({ ...made, rows: 1, order: "alike", ...times })
  })
  writeFileSync(join(dir, "catalogue.ndjson"), lines.join(""))
}

const GiB = 2 ** 30
const lasting: [why: string, gibibytesFree: number, state: string, saw: RegExp][] = [
  [
    "a weekend is enough",
    100,
    "fine",
    /grew by 1024\.0 MiB an hour in the last 10 h: the disk lasts 90 h at that rate$/,
  ],
  ["it is full before Monday", 60, "warning", /the disk lasts 50 h at that rate$/],
]
for (const [why, free, state, saw] of lasting) {
  test(`how long the disk lasts, from what came in: ${why}`, async (t) => {
    const home = await ledger(t, HEALTHY)
    grow(home, 10, GiB)
    const statfs = async () => ({ ...ROOMY, bsize: GiB, blocks: 200, bfree: free, bavail: free })
    const found = await examine(await patient(home, { server: await server(t), statfs }))
    const told = found.filter(({ saw: text }) => text.includes("MiB an hour"))
    assert.deepEqual(
      told.map((one) => one.state),
      [state],
    )
    assert.match(told[0]?.saw ?? "", saw)
  })
}

test("one of two sources is silent, a third never sent an event of an API server", async (t) => {
  const home = await ledger(t, [
    ["prod-2", "k8s.audit", NOW - 30 * MINUTE],
    ["logs", "log", NOW - 29 * MINUTE],
    ["prod-1", "k8s.audit", NOW - MINUTE],
  ])
  const sick = await patient(home, { server: await server(t) })
  assertSymptoms(await symptoms(sick), [
    /^sending bad: prod-2 sent its newest event 30 min ago$/,
    /^sending bad: logs sent no event of an API server since/,
  ])
})

test("a busy journal reaches back some seconds only: the search reaches further", async (t) => {
  const home = await ledger(t, [
    ["quiet", "k8s.audit", NOW - 5 * MINUTE],
    ["silent", "k8s.audit", NOW - 20 * MINUTE],
    ["silent", "k8s.audit", NOW - 20 * MINUTE + 1],
    ["busy", "k8s.audit", NOW - 1],
  ])
  const whole = readJournalTail(home.dir)
  const short = { ...whole, whole: false, oldest: NOW - 3_000_000, events: new Map([["busy", NOW - 1]]) }
  const sick = await patient(home, { server: await server(t), tail: async () => short })
  const seen = (await symptoms(sick)).filter((text) => !text.startsWith("clock"))
  assertSymptoms(seen, [/^sending bad: silent sent no event of an API server for 15 min$/])
})

test("nobody ever sent anything", async (t) => {
  const sick = await patient(await ledger(t, []), { server: await server(t) })
  assertSymptoms(await symptoms(sick), [/^sending bad: no API server has sent anything/])
})

test("the clock stepped back", async (t) => {
  const home = await ledger(t, [
    ["prod-1", "k8s.audit", NOW - MINUTE],
    ["prod-1", "k8s.audit", NOW - 3 * MINUTE],
  ])
  const sick = await patient(home, { server: await server(t) })
  assertSymptoms(await symptoms(sick), [
    /^clock warning: the clock stepped back once, last by 120 s at 2026-01-02T03:01:05/,
  ])
})

test("the clock of the server is another", async (t) => {
  // The test's server has the real time, the patient is in January 2026.
  const sick = await patient(await ledger(t, HEALTHY), { server: await server(t), serverGiven: true })
  assertSymptoms(await symptoms(sick), [
    /^clock bad: the clock of 127\.0\.0\.1:\d+ is \d+ s ahead of the one here$/,
  ])
})

test("bytes behind the last commit do not disturb the tail's reader", async (t) => {
  const home = await ledger(t, HEALTHY)
  const file = join(home.dir, "journal", "0000000000000000.journal")
  appendFileSync(file, "7 torn line")
  assert.equal(readJournalTail(home.dir).events.get("prod-1"), NOW - MINUTE)
})

test("certificates", async (t) => {
  const folder = temporaryFolder(t)
  const authority = await makeAuthority(folder, "ca")
  const good = await makeCertificate({
    dir: folder,
    name: "good",
    authority,
    subject: "/CN=x",
    alternatives: "DNS:localhost,IP:127.0.0.1",
    usage: "serverAuth",
  })
  const nameless = await makeCertificate({
    dir: folder,
    name: "nameless",
    authority,
    subject: "/CN=localhost",
    usage: "serverAuth",
  })
  writeFileSync(join(folder, "no.crt"), "nothing\n")
  for (const pair of [authority, good, nameless]) chmodSync(pair.key, 0o600)
  const tls = await TlsFiles.open({ ...good, minVersion: "1.2", maxVersion: "1.3" }, readText)
  const url = await server(t, [], tls)
  const home = await ledger(t, HEALTHY)
  const day = 24 * 60 * MINUTE
  const today = Date.now() * 1000

  const rows: [why: string, set: Record<string, string>, changes: Partial<Patient>, seen: RegExp[]][] = [
    [
      "good for a day more: renew it soon",
      {},
      {},
      [/^certificate warning: the certificate expires in 0 days$/],
    ],
    ["expired", {}, { now: today + 3 * day }, [/^certificate bad: the certificate expired at/]],
    ["not yet valid", {}, { now: today - 3 * day }, [/^certificate bad: the certificate is valid only from/]],
    [
      "the authority of clients expired",
      { clientCa: authority.certificate },
      { now: today + 3 * day },
      [
        /^certificate bad: the certificate expired/,
        /^certificate bad: the authority of client certificates expired/,
      ],
    ],
    [
      "no certificate at all",
      { certificate: join(folder, "no.crt") },
      {},
      [
        /^certificate bad: tls\.certificate .* cannot be read/,
        /^certificate warning: the server's certificate/,
      ],
    ],
    [
      "no such file",
      { key: join(folder, "none.key") },
      {},
      [/^certificate warning: .* expires/, /^certificate bad: tls\.key .*: ENOENT/],
    ],
    [
      "the key of another",
      { key: nameless.key },
      {},
      [/^certificate warning: .* expires/, /^certificate bad: .* is not the key of tls\.certificate$/],
    ],
    [
      "another certificate is served, and the file's has no alternative name",
      { ...nameless },
      {},
      [
        /expires/,
        /^certificate bad: .*no subject alternative name/,
        /^certificate warning: the server shows another certificate/,
      ],
    ],
    [
      "the name does not fit",
      {},
      { server: new URL(url.href.replace("127.0.0.1", "127.0.0.2")), serverGiven: true },
      [
        /^listening bad/,
        /expires/,
        /^certificate bad: the certificate is not for 127\.0\.0\.2 but for DNS:localhost, IP Address:127\.0\.0\.1$/,
      ],
    ],
  ]
  for (const [why, set, changes, seen] of rows) {
    await t.test(why, async () => {
      const files = { ...good, ...set }
      const given = Object.entries(files).map(([name, path]) => `tls.${name}=${path}`)
      const sick = await patient(home, {
        server: url,
        now: today,
        silentMinutes: 1e9,
        ...changes,
        set: given,
      })
      const expected = (await symptoms(sick)).filter((text) => !/^clock|^sending/.test(text))
      assertSymptoms(expected, seen)
    })
  }

  await t.test("a server that is given by address only", async () => {
    const sick = await patient(home, {
      server: url,
      serverGiven: true,
      now: today + 3 * day,
      silentMinutes: 1e9,
    })
    const seen = (await symptoms(sick)).filter((text) => text.startsWith("certificate"))
    assertSymptoms(seen, [/^certificate bad: the server's certificate expired at/])
  })

  await t.test("a server whose authority is given: that one, and no other", async () => {
    const other = await makeAuthority(folder, "other-ca")
    const seen = async (ca: Pair, at = url) => {
      const asked = { server: at, serverGiven: true, now: today, silentMinutes: 1e9 }
      const sick = await patient(home, { ...asked, ca: readFileSync(ca.certificate, "utf8") })
      return (await symptoms(sick)).filter((text) => text.startsWith("certificate"))
    }
    assertSymptoms(await seen(authority), [/^certificate warning: .* expires in 0 days/])
    assertSymptoms(await seen(other), [
      /expires/,
      /^certificate bad: the certificates of --ca do not lead to the server's, which is signed by CN=ca \(UNABLE/,
    ])
    const byAddress = new URL(url.href.replace("127.0.0.1", "127.0.0.2"))
    assert.deepEqual(await seen(authority, byAddress), [], "nothing answers there")
  })
})

/** Each sync seems to take so long: the clock is read before and after. */
function slowClock(ms: number): () => number {
  let now = 0
  let reads = 0
  return () => {
    now += reads++ % 2 === 1 ? ms : 0
    return now
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1")
  await new Promise((done) => probe.once("listening", done))
  const { port } = probe.address() as AddressInfo
  await new Promise((done) => probe.close(done))
  return port
}
