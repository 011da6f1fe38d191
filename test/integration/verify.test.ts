/** `verify`, `prove`, `receipt check` and the scrub as their users meet them: beside a writer, over changed keys, twice. */
import assert from "node:assert/strict"
import { cpSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { createEventMaker } from "../../bench/segment-events.ts"
import { run } from "../../src/cli/run.ts"
import { newKey } from "../../src/seal/keys.ts"
import { openLedger } from "../../src/seal/ledger.ts"
import { type ScrubState, scrub } from "../../src/seal/scrub.ts"
import { type VerifyRequest, verifyLedger } from "../../src/seal/verify.ts"
import type { Job } from "../../src/seal/verify-job.ts"
import { type Outcome, VerifyPool } from "../../src/seal/verify-pool.ts"
import { cosign } from "../../src/tlog/cosignature.ts"
import { parseNote } from "../../src/tlog/note.ts"
import { formatSignatureLine } from "../../src/tlog/signature-line.ts"
import { openSigner } from "../../src/tlog/signer.ts"
import { formatVerifierKey } from "../../src/tlog/verifier-key.ts"
import { flip } from "../support/attacks.ts"
import { BUILT_AT, type BuiltLedger, buildLedger, mergeSegments, ORIGIN } from "../support/built-ledger.ts"
import { testWorld } from "../support/world.ts"

const SIZE = { body: createEventMaker(5), perBlock: 10, perBatch: 50, perSegment: 200, fileBytes: 50_000 }

let root = ""
let whole = ""
let older = ""
let built: BuiltLedger

before(async () => {
  root = await mkdtemp(join(tmpdir(), "tallystick-verify-test-"))
  whole = join(root, "whole")
  older = join(root, "older")
  built = await buildLedger({ ...SIZE, dir: whole, records: 500, copies: [{ records: 300, to: older }] })
})

after(() => rm(root, { recursive: true, force: true }))

const request = (dir: string, keys: readonly string[]): VerifyRequest => ({
  dir,
  keys,
  remembered: undefined,
  now: BUILT_AT,
  readers: 2,
})

async function tallystick(...argv: string[]) {
  const env = { XDG_STATE_HOME: join(root, "state"), NO_COLOR: "1" }
  const world = testWorld({ cwd: root, env, clock: () => BUILT_AT + 60_000_000 })
  return { exit: await run(argv, world), out: world.out(), err: world.err() }
}

test("a ledger that is being written to is whole at every moment", async () => {
  const dir = join(root, "live")
  let building = true
  const written = buildLedger({ ...SIZE, dir, records: 3_000 }).finally(() => {
    building = false
  })
  let since: ScrubState | undefined
  let runs = 0
  while (building) {
    const { verdict, state } = await scrub({ dir, keys: [built.vkey], since, now: BUILT_AT })
    assert.deepEqual(verdict.damages, [], `run ${runs}`)
    if (state !== undefined) since = state
    runs++
  }
  await written
  assert.ok(runs > 1, "it was looked at more than once")
  const { verdict } = await scrub({ dir, keys: [built.vkey], since, now: BUILT_AT })
  assert.equal(verdict.answer, "fine", JSON.stringify(verdict))
})

/** A pool whose server acts before its first job of a kind. */
class PoolBeside extends VerifyPool {
  readonly #kind: Job["kind"]
  #act: (() => void) | undefined

  constructor(dir: string, kind: Job["kind"], act: () => void) {
    super(dir, 1)
    this.#kind = kind
    this.#act = act
  }

  override async run(job: Job): Promise<Outcome> {
    if (job.kind === this.#kind) {
      this.#act?.()
      this.#act = undefined
    }
    return super.run(job)
  }
}

for (const kind of ["controls", "segment"] as const) {
  test(`segments that a server merges meanwhile are no damage: it happens before the first is read (${kind})`, async (t) => {
    const dir = join(root, `merged-${kind}`)
    const merged = join(root, `merged-${kind}-later`)
    cpSync(whole, dir, { recursive: true })
    cpSync(whole, merged, { recursive: true })
    await mergeSegments(merged, built)
    const pool = new PoolBeside(dir, kind, () => {
      cpSync(merged, dir, { recursive: true })
      for (const { name } of built.made) rmSync(join(dir, "segments", name))
    })
    t.after(() => pool.close())
    const { verdict } = await verifyLedger({ ...request(dir, [built.vkey]), pool })
    assert.deepEqual(verdict.damages, [])
    assert.equal(verdict.answer, "fine")
    assert.equal(verdict.segments, 1, "the merged one")
  })
}

test("a segment that is removed while others are read is missed all the same", async (t) => {
  const dir = join(root, "removed-meanwhile")
  cpSync(whole, dir, { recursive: true })
  const [gone] = built.made
  const pool = new PoolBeside(dir, "segment", () => rmSync(join(dir, "segments", gone?.name ?? "")))
  t.after(() => pool.close())
  const { verdict } = await verifyLedger({ ...request(dir, [built.vkey]), pool })
  assert.deepEqual(
    verdict.damages.map(({ thing, cause, first, last }) => [thing, cause, first, last]),
    [["segment", "missing", gone?.first, gone?.last]],
  )
})

test("what only has the name of a segment and leads nowhere is told like any other file that is none", async () => {
  const dir = join(root, "nowhere")
  cpSync(whole, dir, { recursive: true })
  const name = (built.made[0]?.name ?? "").replace(/\d{16}-\d{16}/, "0000000000009000-0000000000009099")
  symlinkSync("nowhere", join(dir, "segments", name))
  const { verdict } = await verifyLedger(request(dir, [built.vkey]))
  assert.deepEqual(
    verdict.damages.map(({ cause, path }) => [cause, path]),
    [
      ["unreadable", `segments/${name}`],
      ["inserted", `segments/${name}`],
    ],
  )
})

const GONE: readonly [what: string, more: (dir: string) => void][] = [
  ["and nothing else", () => {}],
  ["and the catalogue, which names what its records named", (dir) => rmSync(join(dir, "catalogue.ndjson"))],
]
for (const [what, more] of GONE) {
  test(`a segment that is gone ${what}: its own range is missed, and no other file is blamed`, async () => {
    for (const [at, { name, first, last }] of built.made.entries()) {
      const dir = join(root, `gone-${at}`)
      cpSync(whole, dir, { recursive: true })
      rmSync(join(dir, "segments", name))
      more(dir)
      const { verdict } = await verifyLedger(request(dir, [built.vkey]))
      const told = verdict.damages.map((damage) => [damage.thing, damage.cause, damage.first, damage.last])
      assert.deepEqual(told, [["segment", "missing", first, last]])
      rmSync(dir, { recursive: true })
    }
  })
}

test("a segment that is gone and whose records the journal holds: not one of them is called changed", async () => {
  const dir = join(root, "gone-journalled")
  const ledger = await buildLedger({ ...SIZE, dir, records: 500, fileBytes: 5_000_000 })
  const gone = ledger.made[1]
  rmSync(join(dir, "segments", gone?.name ?? ""))
  const { verdict } = await verifyLedger(request(dir, [ledger.vkey]))
  assert.deepEqual(
    verdict.damages.map(({ thing, cause, first, last }) => [thing, cause, first, last]),
    [["segment", "missing", gone?.first, gone?.last]],
  )
  assert.match(
    verdict.damages[0]?.detail ?? "",
    /the journal still holds these records, and what proved them/,
  )
})

test("a merged segment that is gone before all that it replaced is: what these hold is not missed", async () => {
  const dir = join(root, "gone-merged")
  cpSync(whole, dir, { recursive: true })
  const merged = await mergeSegments(dir, built)
  rmSync(join(dir, "segments", merged.name))
  const [first] = built.made
  for (const { name } of built.made.slice(1)) {
    const files = [name, name.replace(/parquet$/, "bloom")]
    for (const file of files) cpSync(join(whole, "segments", file), join(dir, "segments", file))
  }
  const { verdict } = await verifyLedger(request(dir, [built.vkey]))
  const told = verdict.damages.filter(({ thing }) => thing !== "catalogue")
  assert.deepEqual(
    told.map(({ thing, cause, first, last }) => [thing, cause, first, last]),
    [["segment", "missing", first?.first, first?.last]],
  )
})

test("an incremental scrub reads what came since; a full one finds what happened to the old", async () => {
  const dir = join(root, "scrubbed")
  cpSync(whole, dir, { recursive: true })
  const first = await scrub({ dir, keys: [built.vkey], since: undefined, now: BUILT_AT })
  assert.equal(first.verdict.answer, "fine")
  const name = built.made[0]?.name ?? ""
  const path = `segments/${name}`
  flip(dir, path, Math.floor(statSync(join(dir, path)).size / 2))
  const again = await scrub({ dir, keys: [built.vkey], since: first.state, now: BUILT_AT })
  assert.equal(again.verdict.answer, "fine", "old records are not read again")
  const full = await scrub({ dir, keys: [built.vkey], since: undefined, now: BUILT_AT })
  assert.equal(full.verdict.answer, "tampered")
  rmSync(dir, { recursive: true })
  cpSync(older, dir, { recursive: true })
  const back = await scrub({ dir, keys: [built.vkey], since: first.state, now: BUILT_AT })
  assert.equal(back.verdict.answer, "tampered", "the log went back")
})

test("a changed key is trusted where the old one says so, and only there", async () => {
  const dir = join(root, "rotated")
  cpSync(whole, dir, { recursive: true })
  const next = openSigner(newKey(ORIGIN, (bytes) => new Uint8Array(bytes).fill(9)))
  const onFatal = (error: unknown) => {
    throw error
  }
  let now = BUILT_AT + 10_000_000
  const clock = () => ++now
  const ledger = await openLedger(dir, { signer: built.signer, clock, steady: () => now, onFatal })
  await ledger.sealer.rotateKey(next)
  await ledger.close()

  const byOld = await verifyLedger(request(dir, [built.vkey]))
  assert.equal(byOld.verdict.answer, "fine", JSON.stringify(byOld.verdict.damages))
  assert.match(byOld.verdict.notes.join(), /took over at \d+ blocks/)
  const byNew = await verifyLedger(request(dir, [formatVerifierKey(next)]))
  assert.equal(byNew.verdict.answer, "fine")
  const stranger = openSigner(newKey(ORIGIN, (bytes) => new Uint8Array(bytes).fill(3)))
  const byOther = await verifyLedger(request(dir, [formatVerifierKey(stranger)]))
  assert.deepEqual(
    byOther.verdict.damages.map(({ cause }) => cause),
    ["unknown key"],
  )
})

test("verify remembers what it accepted, and holds the ledger to it", async () => {
  const dir = join(root, "seen")
  cpSync(whole, dir, { recursive: true })
  writeFileSync(join(root, "key.vkey"), `${built.vkey}\n`)
  const first = await tallystick("verify", dir, "--key", "@key.vkey", "--columns")
  assert.equal(first.exit, 0, first.out + first.err)
  assert.match(first.out, /^fine: ledger\.example\.com\/built\n/)
  assert.match(first.out, /rests on {3}the keys given: it cannot tell/)
  const second = await tallystick("verify", dir, "--key", built.vkey, "--json")
  const said = JSON.parse(second.out) as { restsOn: string[]; answer: string }
  assert.match(said.restsOn.join(), /^remembered size \d+$/)

  rmSync(dir, { recursive: true })
  cpSync(older, dir, { recursive: true })
  const third = await tallystick("verify", dir, "--key", built.vkey)
  assert.equal(third.exit, 1)
  assert.match(third.out, /^tampered: .*\n {2}checkpoint truncated \d+-\d+ {2}log\/checkpoint: /)

  assert.equal((await tallystick("verify", join(root, "nothing"), "--key", built.vkey)).exit, 1)
  assert.equal((await tallystick("verify", whole)).exit, 64, "no key is no judgement")
  const old = await tallystick("verify", whole, "--key", built.vkey, "--age-max", "10s", "--no-remember")
  assert.equal(old.exit, 2, old.out)
})

test("prove writes a receipt once, and receipt check says what it proves", async () => {
  const made = await tallystick("prove", "7", "--dir", whole, "--out", "seven.receipt")
  assert.equal(made.exit, 0, made.err)
  const again = await tallystick("prove", "7", "--dir", whole, "--out", "seven.receipt")
  assert.equal(again.exit, 2)
  assert.match(again.err, /it is there already/)
  const checked = await tallystick("receipt", "check", "seven.receipt", "--key", built.vkey)
  assert.equal(checked.exit, 0, checked.err)
  assert.match(checked.out, /^proved: /)
  assert.match(checked.out, /record {5}7, number 2 of its source/)
  assert.match(checked.out, /auditID .* \(chosen by the client\)/)
  const text = readFileSync(join(root, "seven.receipt"), "utf8")
  writeFileSync(join(root, "other.receipt"), text.replace('"stage"', '"stagf"'))
  const refuted = await tallystick("receipt", "check", "other.receipt", "--key", built.vkey)
  assert.equal(refuted.exit, 1, refuted.out)
  const withheld = await tallystick("prove", "7", "--dir", whole, "--withhold-body")
  assert.match(withheld.out, /\nbody withheld\n/)
  assert.equal((await tallystick("prove", "1000000", "--dir", whole)).exit, 2)
  assert.equal((await tallystick("prove", "seven", "--dir", whole)).exit, 64)
})

const witness = (name: string, byte: number) => {
  const seed = new Uint8Array(32).fill(byte)
  return openSigner({ kind: "cosignature", name, seed })
}
const WITNESSES = [witness("w.example.com/1", 21), witness("w.example.com/2", 22)]
/** The same key under another name, and the log's own key as a witness of itself. */
const AGAIN = witness("w.example.com/again", 21)
const ITSELF = witness("w.example.com/itself", 7)

/** A checkpoint, or a text that ends with one, with a line of each of these witnesses. */
function cosigned(text: string, note: string, by: readonly (typeof AGAIN)[]): string {
  const lines = by.map((one) =>
    formatSignatureLine(cosign({ text: parseNote(note).text, atSeconds: 5 }, one)),
  )
  return text + lines.map((line) => `${line}\n`).join("")
}

const quorums: [why: string, by: readonly (typeof AGAIN)[], quorum: string, enough: boolean][] = [
  ["nobody cosigned", [], "1", false],
  ["one of two did, one is asked for", WITNESSES.slice(0, 1), "1", true],
  ["one of two did, two are asked for", WITNESSES.slice(0, 1), "2", false],
  ["both did", WITNESSES, "2", true],
  ["one did under two names", [...WITNESSES.slice(0, 1), AGAIN], "2", false],
  ["the log itself did, as a witness", [ITSELF], "1", false],
]
for (const [why, by, quorum, enough] of quorums) {
  test(`verify and receipt check ask for witnesses: ${why}`, async () => {
    const keys = [built.vkey, ...[...WITNESSES, AGAIN, ITSELF].map((key) => formatVerifierKey(key))]
    const given = keys.flatMap((key) => ["--key", key])
    const dir = join(root, "cosigned")
    cpSync(whole, dir, { recursive: true })
    const note = readFileSync(join(dir, "log/checkpoint"), "utf8")
    writeFileSync(join(dir, "log/checkpoint"), cosigned(note, note, by))
    const verified = await tallystick("verify", dir, ...given, "--quorum", quorum, "--no-remember")
    assert.equal(verified.exit, enough ? 0 : 2, verified.out)
    if (!enough)
      assert.match(
        verified.out,
        /could not tell(.|\n)*of the witnesses given cosigned the checkpoint, asked for were/,
      )

    const proved = await tallystick("prove", "7", "--dir", whole)
    writeFileSync(join(root, "cosigned.receipt"), cosigned(proved.out, note, by))
    const checked = await tallystick("receipt", "check", "cosigned.receipt", ...given, "--quorum", quorum)
    assert.equal(checked.exit, enough ? 0 : 2, checked.err)
    if (!enough) assert.match(checked.err, /asked for were/)
    rmSync(dir, { recursive: true })
  })
}

test("a quorum needs the keys of so many witnesses, or it could never be met", async () => {
  for (const quorum of ["1", "0", "x"]) {
    const asked = await tallystick("verify", whole, "--key", built.vkey, "--quorum", quorum)
    assert.equal(asked.exit, 64, asked.err)
  }
})

test("a receipt is believed of a key in other hands only for blocks sealed before", async () => {
  const proved = await tallystick("prove", "7", "--dir", whole)
  writeFileSync(join(root, "revoked.receipt"), proved.out)
  const check = (time: string) =>
    tallystick(
      "receipt",
      "check",
      "revoked.receipt",
      "--key",
      built.vkey,
      "--revoked",
      `${built.vkey}@${time}`,
    )
  assert.equal((await check("2026-11-21")).exit, 0)
  const refused = await check("2026-11-20")
  assert.equal(refused.exit, 1)
  assert.match(refused.err, /the keys that vouch for it are revoked from 2026-11-20T00:00:00/)
  const bundle = await tallystick("prove", "3", "7", "--dir", whole)
  writeFileSync(join(root, "revoked.bundle"), bundle.out)
  const revoked = ["--revoked", `${built.vkey}@2026-11-20`]
  const all = await tallystick("receipt", "check", "revoked.bundle", "--key", built.vkey, ...revoked)
  assert.equal(all.exit, 1)
  assert.match(all.out, /refuted: 0 of \d+ records/)
})

test("prove writes a bundle for a query, and receipt check proves each of it by the key alone", async () => {
  const query = ["prove", "--dir", whole, "--query", "record:in(3,7,9)"]
  const made = await tallystick(...query, "--out", "case.bundle")
  assert.equal(made.exit, 0, made.err)
  assert.match(made.err, /^4 receipts written to case\.bundle/, "the ledger's first record names its key")
  const checked = await tallystick("receipt", "check", "case.bundle", "--key", built.vkey)
  assert.equal(checked.exit, 0, checked.err)
  assert.match(checked.out, /proved {3}record 9, /)
  assert.match(checked.out, /\nproved: 4 of 4 records of ledger\.example\.com\/built, under its checkpoint/)
  const lines = (await tallystick("receipt", "check", "case.bundle", "--key", built.vkey, "--json")).out
  assert.deepEqual(
    lines
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).record ?? JSON.parse(line).proved),
    [0, 3, 7, 9, 4],
  )
  const text = readFileSync(join(root, "case.bundle"), "utf8")
  writeFileSync(join(root, "other.bundle"), text.replace('"stage"', '"stagf"'))
  const refuted = await tallystick("receipt", "check", "other.bundle", "--key", built.vkey)
  assert.equal(refuted.exit, 1, refuted.out)
  assert.match(refuted.out, /refuted {2}receipt 1: .*\n(.*\n)+refuted: 3 of 4 records/)

  const withheld = await tallystick("prove", "3", "7", "--dir", whole, "--withhold-body")
  assert.equal(withheld.out.match(/\nbody withheld\n/g)?.length, 2)
  assert.match(withheld.out, /ledger\.created/, "what the ledger says of itself is never withheld")
  assert.equal((await tallystick("prove", "--dir", whole, "--query", "verb:=never")).exit, 2)
  assert.equal((await tallystick("prove", "--dir", whole, "--query", "* | stats count() n")).exit, 64)
  assert.equal((await tallystick(...query, "7")).exit, 64, "a query or numbers, not both")
  assert.equal((await tallystick(...query, "--out", "case.bundle")).exit, 2, "nothing is written over")
})
