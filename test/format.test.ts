import assert from "node:assert/strict"
import { execFile, spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, test } from "node:test"
import { promisify } from "node:util"
import { originalDigest } from "../src/intake/receive.ts"
import { realDisk } from "../src/journal/disk.ts"
import { writeSegment } from "../src/store/segment.ts"
import { parseBlock, parseReceipt, verifyReceipt } from "../src/tlog/index.ts"
import { FORMAT_PAGE, withTables } from "./format-tables.ts"
import { writeJournal } from "./support/journal-file.ts"
import { openSegmentWorld } from "./support/segments.ts"
import { BLOCK_SEEDS, RECORDS } from "./worked-example.ts"
import { controlExamples, GOLDEN_DIR, goldenFiles } from "./worked-files.ts"

const DOC = readFileSync(FORMAT_PAGE, "utf8")
const TOOLS = "sh sed head tail cut base64 sha256sum md5sum cmp gzip xxd jq openssl".split(" ")

type Fence = { readonly language: string; readonly golden: string | undefined; readonly text: string }

/** The code blocks of the page, each with the golden file that a comment before it names. */
function fences(): Fence[] {
  const form = /(?:<!-- test\/golden\/(\S+) -->\n)?```(\w*)\n([\s\S]*?)```\n/g
  return [...DOC.matchAll(form)].map(([, golden, language = "", text = ""]) => ({ golden, language, text }))
}

describe("golden files", () => {
  const files = goldenFiles()
  for (const [name, text] of Object.entries(files)) {
    test(`${name} is what the code writes`, () => {
      assert.equal(text, readFileSync(join(GOLDEN_DIR, name), "utf8"), "a format never changes in place")
    })
  }
  test("docs/FORMAT.md shows each as it is", () => {
    const shown = fences().filter(({ golden }) => golden !== undefined)
    for (const { golden = "", text } of shown) assert.equal(text, files[golden], golden)
    assert.deepEqual(
      Object.keys(files).filter((name) => !shown.some(({ golden }) => golden === name)),
      [],
    )
  })
  test("they are read and proved", () => {
    const keys = ["verifier-key.txt", "witness-key.txt"].map((name) => files[name]!.trimEnd())
    for (const name of Object.keys(files).filter((name) => name.startsWith("receipt"))) {
      const { origin, cosignedBy } = verifyReceipt(files[name]!, keys)
      assert.deepEqual([origin, cosignedBy.length], ["ledger.example.com/prod", 1])
    }
    assert.deepEqual(parseReceipt(files["receipt-v1.txt"]!).block, parseBlock(files["block-1-v1.txt"]!))
  })
})

test("the tables of docs/FORMAT.md are as the code prints them", () => {
  assert.equal(DOC, withTables(DOC), "out of step; run node test/format-tables.ts")
})

test("docs/FORMAT.md explains every member of every control record", () => {
  const [, section = ""] = /^## Control records\n(.*?)^## /ms.exec(DOC) ?? []
  const rows = [...section.matchAll(/^\| (?:(`[\w.]+`) )?\| ([\w, ]+) \|/gm)]
  let kind = ""
  const explained = new Map<string, string[]>()
  for (const [, named = "", members = ""] of rows) {
    kind = named === "" ? kind : named.slice(1, -1)
    explained.set(kind, [...(explained.get(kind) ?? []), ...members.split(", ")])
  }
  for (const [name, text] of Object.entries(controlExamples())) {
    const members = Object.keys(JSON.parse(text) as object).filter(
      (key) => key !== "kind" && key !== "version",
    )
    assert.deepEqual(
      explained
        .get(name)
        ?.filter((member) => !/^\d+$/.test(member))
        .sort(),
      members.sort(),
      name,
    )
  }
})

test("the queries of docs/FORMAT.md find in a segment of the example what it says", async (t) => {
  const world = await openSegmentWorld()
  t.after(() => world.close())
  const blocks = RECORDS.map((records, i) => {
    return { first: records[0]?.number ?? 0, count: records.length, seed: BLOCK_SEEDS[i] ?? new Uint8Array() }
  })
  const journalDir = join(world.dir, "journal")
  const end = await writeJournal(journalDir, RECORDS.flat())
  const { db, dir, entries, blooms } = world
  const { entry } = await writeSegment({ db, disk: realDisk, dir, journalDir, end, blocks, entries, blooms })
  const file = join(dir, "segments", entry.name)

  const all = fences()
  const asked = all.flatMap(({ language, text }, at) => (language === "sql" ? [{ sql: text, at }] : []))
  assert.ok(asked.length >= 3)
  for (const { sql, at } of asked) {
    const rows = await world.rows(sql.replaceAll("'segment.parquet'", `'${file}'`))
    const shown = all[at + 1]?.text.trimEnd().split("\n") ?? []
    assert.deepEqual(
      rows,
      shown.map((line) => JSON.parse(line) as unknown),
      sql,
    )
  }
})

test("the example of the word original is what intake writes", () => {
  const bytes = (text: string) => Buffer.from(text)
  const key = Uint8Array.from({ length: 32 }, (_, i) => i)
  const original = bytes('{"data":{"token":"hunter2"}}')
  const redacted = bytes('{"data":{"token":"[redacted:secret-data]"}}')
  assert.ok(DOC.includes(`\n${originalDigest(key, redacted, original)}\n`))
})

/** Commands, and what the page says they print. */
function commands(): { readonly command: string; readonly printed: string }[] {
  const all = fences()
  return all.flatMap(({ language, text }, at) => {
    const next = all[at + 1]
    return language === "sh"
      ? [{ command: text, printed: next?.language === "text" && !next.golden ? next.text : "" }]
      : []
  })
}

test("the commands of docs/FORMAT.md print what it says", async (t) => {
  const missing = TOOLS.filter((tool) => spawnSync(tool, ["--version"]).error !== undefined)
  if (missing.length > 0) return t.skip(`this machine has no ${missing.join(", ")}`)
  const dir = mkdtempSync(join(tmpdir(), "tallystick-format-"))
  t.after(() => rmSync(dir, { recursive: true }))
  for (const name of readdirSync(GOLDEN_DIR))
    cpSync(join(GOLDEN_DIR, name), join(dir, name), { recursive: true })

  // One shell for the whole page, since a command may use what one before it defined.
  const mark = "--- next command ---"
  const script = commands()
    .map(({ command }) => `${command}\necho '${mark}'\n`)
    .join("")
  const { stdout } = await promisify(execFile)("sh", ["-eu", "-c", script], { cwd: dir })
  const printed = stdout.split(`${mark}\n`)
  for (const [at, { command, printed: expected }] of commands().entries()) {
    assert.equal(printed[at], expected, command)
  }
  assert.ok(commands().length >= 8)
})
