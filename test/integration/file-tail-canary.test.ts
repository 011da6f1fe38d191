import assert from "node:assert/strict"
import { readFile, rename } from "node:fs/promises"
import { test } from "node:test"
import { compileRedaction } from "../../src/event/redact.ts"
import { importRecords } from "../../src/intake/import.ts"
import {
  BASE64,
  CANARY,
  HIDDEN,
  JWT,
  SECRET_EVENT,
  UNPARSED_SECRETS,
} from "../fixtures/events/hidden-canary.ts"
import { eventLine, Tailed } from "../support/tailed.ts"

const redactor = { redact: compileRedaction(), key: new Uint8Array(32) }
/** YAML is left out: it has no lines of its own, the tail takes each by itself, and an import refuses it. */
const bodies = [...HIDDEN, ...UNPARSED_SECRETS]
  .filter(([where]) => !where.startsWith("YAML"))
  .map(([where, body]) => [where, body.replaceAll("\n", " ")] as const)
const BACKUP = "audit-2026-01-02T15-04-05.000.log"

function assertNone(text: string, where: string): void {
  for (const secret of [CANARY, BASE64, JWT]) {
    for (const part of [secret, secret.slice(1), secret.slice(0, -1)]) assert.ok(!text.includes(part), where)
  }
}

async function assertClean(t: Tailed, where: string): Promise<void> {
  assertNone(t.bodies.join("\n"), where)
  assertNone(JSON.stringify([t.ledger.map(({ words }) => words), t.losses, t.troubles]), where)
  assertNone(await readFile(t.path("state/positions.json"), "utf8"), where)
}

for (const [where, body] of bodies) {
  test(`a followed file gives no canary away: ${where}`, async () => {
    const t = await Tailed.open({ redactor })
    try {
      await t.write("audit.log", `${body}\n${eventLine(1)}`)
      await t.read()
      assert.ok(t.ledger.length >= 2)
      await assertClean(t, where)
    } finally {
      await t.remove()
    }
  })
  // A file that begins with plain text is refused before anything of it is kept.
  if (where.endsWith("plain text")) continue
  test(`an import gives no canary away: ${where}`, async () => {
    const t = await Tailed.open({ redactor })
    try {
      for (const content of [
        `${body}\n`,
        `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${body}`,
      ]) {
        async function* stream() {
          for (let at = 0; at < content.length; at += 500) yield Buffer.from(content.slice(at, at + 500))
        }
        await importRecords(stream(), {
          source: "c/a",
          id: "i",
          redactor,
          deliver: t.deliver,
          stop: new AbortController().signal,
          pause: async () => undefined,
          onTrouble: (trouble) => void t.troubles.push(trouble),
        })
      }
      await t.read()
      await assertClean(t, where)
    } finally {
      await t.remove()
    }
  })
}

test("a line that holds a secret may be torn anywhere: by a hole, a rotation that goes on, a server that died", async () => {
  for (let at = 1; at < SECRET_EVENT.length; at += 7) {
    const [start, rest] = [SECRET_EVENT.slice(0, at), SECRET_EVENT.slice(at)]
    const where = `torn at ${at}`
    const t = await Tailed.open({ redactor })
    try {
      await t.write("audit.log", `${eventLine(1)}${start}${"\0".repeat(20)}${rest}\n${start}${eventLine(2)}`)
      await t.read()
      await t.write("audit.log", start)
      await rename(t.path("audit.log"), t.path(BACKUP))
      await t.settle()
      await t.write(BACKUP, `${rest}\n${eventLine(3)}`)
      await t.settle()
      await assertClean(t, where)
      for (const id of [1, 2, 3]) assert.ok(t.bodies.includes(eventLine(id).trimEnd()), `${where}: ${id}`)
    } finally {
      await t.remove()
    }
  }
})
