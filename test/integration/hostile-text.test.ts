import assert from "node:assert/strict"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { run } from "../../src/cli/run.ts"
import { quote } from "../../src/query/quote.ts"
import { eventually, type Server, startServer, temporaryFolder } from "../support/server.ts"
import { testWorld } from "../support/world.ts"

// Clients of an API server choose names, addresses, user agents, messages and whole bodies. None of it may steer who reads it:
// a terminal, a spreadsheet, a browser, Prometheus, a shell. Every way out of the program is a row here.

const HOSTILE: readonly (readonly [why: string, text: string])[] = [
  ["repaints a terminal and renames its window", "\x1b[2J\x1b]0;owned\x07"],
  ["does the same without an escape character", "\x9b2J\x9d0;owned\x9c"],
  ["forges a line", "ok\r\ntallystick: fine\nproved: all"],
  ["is shown backwards", "user\u202egnp.exe\u2066\u2069"],
  ["hides in a name", "adm\u200bin\ufeff\u{e0041}"],
  ["ends a line for some", "a\u2028b\u2029c\u0085d"],
  ["is a formula that opens a program", "=cmd|' /C calc'!A0"],
  ["is a formula for some", "@SUM(A1)"],
  ["is markup", "<script>alert(1)</script><img src=x onerror=alert(1)>"],
  ["is SQL", `'; DROP TABLE "tail_0"; --`],
  ["is LogsQL", '" or * | delete "'],
  ["ends a label and begins a sample", 'x"} 1\nup{job="'],
  ["is a shell's", "$(touch /tmp/owned)`touch /tmp/owned`"],
]
const TEXTS = HOSTILE.map(([, text]) => text)

/** What a terminal obeys, and what nobody sees; lines and tabs are looked at where they matter. */
const STEERING =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e007f}]/u

const event = (text: string) => ({
  ...{ kind: "Event", apiVersion: "audit.k8s.io/v1", level: "RequestResponse", stage: "ResponseComplete" },
  ...{ auditID: text, requestURI: `/api/v1/${text}?a=${text}`, verb: text },
  user: { username: text, uid: text, groups: [text], extra: { [text]: [text] } },
  impersonatedUser: { username: text, groups: [text] },
  ...{ sourceIPs: [text, "192.0.2.1"], userAgent: text },
  objectRef: { resource: text, namespace: text, name: text, apiGroup: text, subresource: text, uid: text },
  responseStatus: { code: 403, reason: text, message: text },
  requestObject: { [text]: text, list: [text] },
  annotations: { [text]: text, "authorization.k8s.io/reason": text },
  ...{
    requestReceivedTimestamp: "2026-11-20T18:24:10.000000Z",
    stageTimestamp: "2026-11-20T18:24:10.000000Z",
  },
})
const POLICY =
  "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n  verbs: [get]\n- level: Metadata\n"

const folder = await temporaryFolder()
const dir = join(folder.path, "ledger")
let server: Server

before(async () => {
  server = await startServer(dir)
  for (const body of [
    TEXTS.map((text) => JSON.stringify(event(text))).join("\n"),
    `{"auditID":"${TEXTS.join("")}`,
  ]) {
    const { status } = await fetch(`${server.url}/audit/prod-1`, { method: "POST", body })
    assert.equal(status, 200)
  }
  await writeFile(join(folder.path, "policy.yaml"), POLICY)
  await writeFile(
    join(folder.path, "odd.yaml"),
    JSON.stringify({ [TEXTS[0] as string]: TEXTS, rules: [{ level: TEXTS[0], verbs: TEXTS }] }),
  )
  await writeFile(join(folder.path, "event.json"), JSON.stringify(event(TEXTS.join(""))))
  await writeFile(
    join(folder.path, "config.yaml"),
    JSON.stringify({ [TEXTS.join("")]: 1, origin: TEXTS.join("") }),
  )
  await writeFile(join(folder.path, "not.receipt"), TEXTS.join("\n"))
})
after(async () => {
  await server.end()
  await folder.remove()
})

type Ran = { readonly code: number; readonly out: string; readonly err: string }

async function command(argv: readonly string[], isTTY: boolean, stop = new AbortController()): Promise<Ran> {
  const env = { TALLYSTICK_SERVER: server.url, NO_COLOR: "1", XDG_STATE_HOME: join(folder.path, "state") }
  const world = testWorld({ cwd: folder.path, env, isTTY, stop: stop.signal, clock: () => Date.now() * 1000 })
  const code = await run(argv, world)
  return { code, out: world.out(), err: world.err() }
}

const AUDIT = "kind:=k8s.audit"
const ALL = TEXTS.join("")
const TEXT = TEXTS[0] as string
/** Command lines that print what clients wrote, or what whoever typed them wrote. */
const COMMANDS: readonly (readonly string[])[] = [
  ["query", AUDIT],
  ["query", AUDIT, "-o", "wide"],
  ["query", AUDIT, "--json"],
  ["query", AUDIT, "-o", "csv"],
  ["query", `${AUDIT} | fields user.username, userAgent, requestObject.*`],
  ["query", `${AUDIT} | stats by (user.username, verb) count() n`],
  ["query", `${AUDIT} | stats by (user.username) count() n`, "-o", "csv"],
  ["query", `${AUDIT} | format "<user.username>" as x | fields x`],
  ["top"],
  ["top", "--json"],
  ["top", "--by", "user,agent,uri,name,namespace", "-o", "csv"],
  ["top", "--by", "rule", "--policy", "policy.yaml"],
  ["hits", "--by", "user"],
  ["hits", "--by", "agent", "--json"],
  ["fields"],
  ["fields", "--json"],
  ["values", "user"],
  ["values", "userAgent", "-o", "csv"],
  ["values", "annotations", "--json"],
  ["questions", "refused-requests"],
  ["questions", "what-did-user-do", "--user", TEXT],
  ["questions", "what-did-user-do", "--user", ALL, "--explain"],
  ["quarantine", "list", "--dir", dir],
  ["quarantine", "list", "--dir", dir, "--json"],
  ["policy", "explain", "policy.yaml", "--event", "event.json"],
  ["policy", "explain", "policy.yaml", "--event", "event.json", "--json"],
  ["policy", "explain", "policy.yaml", "--as", ALL, "--verb", ALL, "--resource", "pods", "--name", ALL],
  ["policy", "simulate", "policy.yaml", "--on", dir],
  ["policy", "simulate", "policy.yaml", "--on", dir, "--json"],
  ["policy", "advise", "policy.yaml", "--on", dir],
  ["policy", "advise", "policy.yaml", "--on", dir, "--json"],
  ["policy", "drift", "policy.yaml", "--on", dir],
  ["policy", "drift", "policy.yaml", "--on", dir, "--json"],
  ["policy", "show", "policy.yaml", "--on", dir],
  ["policy", "lint", "odd.yaml"],
  ["policy", "lint", "odd.yaml", "--json"],
  ["policy", "lint", "odd.yaml", "--sarif"],
  ["policy", "show", "odd.yaml"],
  ["policy", "diff", "policy.yaml", "odd.yaml"],
  ["policy", "coverage", "odd.yaml"],
  ["config", "check", "--config", "config.yaml"],
  ["config", "check", "--config", "config.yaml", "--json"],
  ["config", "print", "--set", `origin=${ALL}`],
  ["receipt", "check", "not.receipt"],
  ["receipt", "check", "not.receipt", "--json"],
  ["receipt", "check", `${TEXT}.receipt`],
  ["doctor", "--dir", dir, "--set", "listen.port=1"],
  ["verify", dir, "--no-remember"],
  // What was typed comes back in messages.
  ...[TEXT, TEXTS[1] as string, TEXTS[3] as string].flatMap((text) => [
    [text],
    ["query", `verb:= | ${text}`],
    ["query", `x | ${text} y | z`],
    ["query", AUDIT, "--since", text],
    ["query", AUDIT, "-o", text],
    ["query", AUDIT, "--dir", text],
    ["query", AUDIT, "--server", text],
    ["query", AUDIT, "--server", `http://127.0.0.1:1/${text}`, "--json"],
    ["query", AUDIT, `--${text}`],
    ["values", text],
    ["questions", text],
    ["config", "print", "--set", `${text}=1`],
    ["config", "print", "--config", text],
    ["keys", "new", text, "new.key"],
    ["import", text],
    ["import", "--source", text, "event.json"],
    ["verify", text],
    ["prove", text],
    ["completion", text],
  ]),
]

/** Lines that somebody who reads may take for the program's own. */
const FORGED = /^(tallystick: fine|proved: all|up\{)/m

for (const isTTY of [true, false]) {
  const where = isTTY ? "a terminal" : "a pipe"
  test(`no command lets through to ${where} what steers its reader`, async () => {
    const wrong: string[] = []
    for (const argv of COMMANDS) {
      const { code, out, err } = await command(argv, isTTY)
      const shown = argv.map((word) => JSON.stringify(word)).join(" ")
      const steered = STEERING.exec(out + err)
      if (steered !== null)
        wrong.push(
          `${shown}: ${JSON.stringify((out + err).slice(Math.max(0, steered.index - 40), steered.index + 20))}`,
        )
      if (code === 70) wrong.push(`${shown}: a bug: ${err.slice(0, 300)}`)
      // A cell of CSV may have lines, between quotes; a formula may not begin one.
      if (argv.includes("csv")) {
        if (/(^|,)"?[=@]/m.test(out)) wrong.push(`${shown}: a formula`)
      } else if (FORGED.test(out + err)) wrong.push(`${shown}: a forged line`)
    }
    assert.deepEqual(wrong, [])
  })
}

test("exact bytes go to a pipe, and escaped to a terminal", async () => {
  const piped = await command(["query", `${AUDIT} auditID:=${quote(TEXT)}`, "-o", "raw"], false)
  assert.equal(JSON.parse(piped.out).auditID, TEXT)
  const shown = await command(["query", AUDIT, "-o", "raw"], true)
  assert.equal(shown.code, 0)
  assert.doesNotMatch(shown.out, STEERING)
  const broken = await command(["quarantine", "list", "--dir", dir, "--json"], false)
  const { record } = JSON.parse(broken.out.split("\n")[0] ?? "") as { record: number }
  const quarantined = ["quarantine", "show", String(record), "--dir", dir]
  assert.ok((await command(quarantined, false)).out.includes(TEXT))
  assert.doesNotMatch((await command(quarantined, true)).out, STEERING)
  assert.doesNotMatch((await command([...quarantined, "--json"], false)).out, STEERING)
})

test("a tail shows hostile rows as they come, without being steered by them", async () => {
  const stop = new AbortController()
  const env = { TALLYSTICK_SERVER: server.url, NO_COLOR: "1" }
  const world = testWorld({ cwd: folder.path, env, isTTY: true, stop: stop.signal })
  const ended = run(["tail", AUDIT, "--since", "3650d"], world)
  await eventually("all rows are there", 10_000, async () =>
    world.out().split("\n").length > TEXTS.length ? true : undefined,
  )
  stop.abort()
  assert.equal(await ended, 0)
  assert.doesNotMatch(world.both(), STEERING)
  assert.doesNotMatch(world.both(), FORGED)
})

test("a receipt of a hostile event proves it, and shows it harmless", async () => {
  const key = (await command(["keys", "show", "--public", "--dir", dir], false)).out.trim()
  const bundle = ["prove", "--dir", dir, "--query", AUDIT, "--out", "all.bundle"]
  assert.equal((await command(bundle, true)).code, 0)
  for (const more of [[], ["--json"]]) {
    const { code, out, err } = await command(["receipt", "check", "all.bundle", "--key", key, ...more], true)
    assert.equal(code, 0, err)
    assert.doesNotMatch(out, STEERING)
    if (more.length === 0) assert.doesNotMatch(out, FORGED)
  }
})

const RANGE = { start: "2026-11-20T18:00:00Z", end: "2026-11-20T19:00:00Z", step: "1h" }
/** Requests whose answers hold what clients wrote, or what whoever asks wrote. */
const REQUESTS: readonly (readonly [path: string, form?: Readonly<Record<string, string>>])[] = [
  ["/select/logsql/query", { query: AUDIT }],
  ["/select/logsql/query", { query: AUDIT, format: "json" }],
  ["/select/logsql/query", { query: AUDIT, format: "csv" }],
  ["/select/logsql/hits", { query: AUDIT, ...RANGE, field: "userAgent" }],
  ["/select/logsql/facets", { query: AUDIT, keep_const_fields: "1" }],
  ["/select/logsql/stats_query", { query: `${AUDIT} | stats by (userAgent, verb) count() n` }],
  ["/select/logsql/stats_query_range", { query: `${AUDIT} | stats by (userAgent) count() n`, ...RANGE }],
  ["/select/logsql/field_names", { query: AUDIT }],
  ["/select/logsql/field_values", { query: AUDIT, field: "userAgent" }],
  ["/select/logsql/streams", { query: AUDIT }],
  ["/metrics"],
  ["/readyz"],
  ...[TEXT, TEXTS[1] as string, TEXTS[3] as string, TEXTS[8] as string].flatMap(
    (text) =>
      [
        ["/select/logsql/query", { query: `verb:= | ${text} ${text}` }],
        ["/select/logsql/query", { query: AUDIT, limit: text }],
        ["/select/logsql/query", { query: AUDIT, start: text }],
        ["/select/logsql/stats_query", { query: `${text} | ${text}` }],
        [`/${encodeURIComponent(text)}`],
        [`/audit/${encodeURIComponent(text)}`, { a: text }],
        [`/import/a?id=${encodeURIComponent(text)}`, { a: text }],
        [`/quarantine/dismiss?record=${encodeURIComponent(text)}&why=x`, {}],
        [`/log/tile/${encodeURIComponent(text)}`],
        [
          `/insert/jsonline?_time_field=${encodeURIComponent(text)}&extra_fields=${encodeURIComponent(text)}`,
          { a: text },
        ],
      ] as const,
  ),
]

for (const accept of ["*/*", "application/json"]) {
  test(`no answer to Accept: ${accept} steers its reader, and none is markup for a browser`, async () => {
    const wrong: string[] = []
    for (const [path, form] of REQUESTS) {
      const request = form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }
      const answer = await fetch(`${server.url}${path}`, { headers: { accept }, ...request })
      const text = await answer.text()
      const shown = `${path} ${JSON.stringify(form)}: ${answer.status}`
      const steered = STEERING.exec(text)
      if (steered !== null)
        wrong.push(
          `${shown} ${JSON.stringify(text.slice(Math.max(0, steered.index - 60), steered.index + 20))}`,
        )
      if (answer.status >= 500) wrong.push(`${shown} ${text}`)
      if (answer.headers.get("x-content-type-options") !== "nosniff") wrong.push(`${shown}: may be sniffed`)
      if (/html|xml|javascript/.test(answer.headers.get("content-type") ?? "")) wrong.push(`${shown}: markup`)
      if (form?.format !== "csv" && FORGED.test(text)) wrong.push(`${shown}: a forged line`)
    }
    assert.deepEqual(wrong, [])
  })
}

test("and what is for programs is exactly what came in", async () => {
  const ask = async (endpoint: string, form: Record<string, string>) => {
    const answer = await fetch(`${server.url}/select/logsql/${endpoint}`, {
      method: "POST",
      body: new URLSearchParams(form),
    })
    return await answer.text()
  }
  const expected = [...TEXTS].sort()
  const rows = (await ask("query", { query: `${AUDIT} userAgent:* | fields userAgent` }))
    .trimEnd()
    .split("\n")
  assert.deepEqual(rows.map((line) => JSON.parse(line).userAgent).sort(), expected)
  const { values } = JSON.parse(
    await ask("field_values", { query: `${AUDIT} userAgent:*`, field: "user.username" }),
  )
  assert.deepEqual(values.map(({ value }: { value: string }) => value).sort(), expected)
  const stats = JSON.parse(
    await ask("stats_query", { query: `${AUDIT} userAgent:* | stats by (userAgent) count() n` }),
  )
  assert.deepEqual(
    stats.data.result.map((one: { metric: { userAgent: string } }) => one.metric.userAgent).sort(),
    expected,
  )
  const printed = await command(["query", `${AUDIT} userAgent:* | fields userAgent`, "--json"], true)
  assert.deepEqual(
    printed.out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).userAgent)
      .sort(),
    expected,
  )
})

for (const [why, text] of HOSTILE) {
  test(`a value that ${why} is found by its text alone`, async () => {
    const { out, err } = await command(
      ["query", `userAgent:=${quote(text)} | fields userAgent`, "--json"],
      false,
    )
    assert.equal(err, "")
    assert.deepEqual(JSON.parse(out), { userAgent: text })
  })
}
