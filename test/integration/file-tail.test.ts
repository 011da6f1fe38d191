import assert from "node:assert/strict"
import {
  chmod,
  copyFile,
  link,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  truncate,
  unlink,
  writeFile,
} from "node:fs/promises"
import { test } from "node:test"
import { gzipSync, zstdCompressSync } from "node:zlib"
import { eventLine, Tailed } from "../support/tailed.ts"

const BACKUP = "audit-2026-01-02T15-04-05.000.log"
const NEXT_BACKUP = "audit-2026-01-03T15-04-05.000.log"
const lines = (...ids: (string | number)[]) => ids.map((id) => eventLine(id)).join("")
const bodies = (...ids: (string | number)[]) => ids.map((id) => eventLine(id).trimEnd())

type Case = [why: string, act: (t: Tailed) => Promise<void>, expected: readonly string[]]

/** Each act begins before anything was read, and reads whenever it likes; the test reads once more at its end. */
const cases: Case[] = [
  ["lines that are there", (t) => t.write("audit.log", lines(1, 2)), bodies(1, 2)],
  [
    "lines that come later",
    async (t) => {
      await t.read()
      await t.write("audit.log", lines(1))
      await t.read()
      await t.write("audit.log", lines(2, 3))
    },
    bodies(1, 2, 3),
  ],
  [
    "a line written in two halves waits for the second",
    async (t) => {
      await t.write("audit.log", lines(1) + eventLine(2).slice(0, 50))
      await t.settle()
      assert.equal(t.ledger.length, 1)
      await t.write("audit.log", eventLine(2).slice(50))
    },
    bodies(1, 2),
  ],
  [
    "lumberjack renames and makes a new file: the old one first",
    async (t) => {
      await t.write("audit.log", lines(1))
      await t.read()
      await t.write("audit.log", lines(2))
      await rename(t.path("audit.log"), t.path(BACKUP))
      await t.write("audit.log", lines(3))
    },
    bodies(1, 2, 3),
  ],
  [
    "two rotations between two looks",
    async (t) => {
      await t.write("audit.log", lines(1))
      await t.read()
      await rename(t.path("audit.log"), t.path(BACKUP))
      await t.write("audit.log", lines(2))
      await rename(t.path("audit.log"), t.path(NEXT_BACKUP))
      await t.write("audit.log", lines(3))
    },
    bodies(1, 2, 3),
  ],
  [
    "two rotations while nobody looked, one of them compressed",
    async (t) => {
      await t.write("audit.log", lines(1))
      await t.read()
      await t.restart("stopped")
      await writeFile(t.path(`${BACKUP}.gz`), gzipSync(lines(1, 2)))
      await writeFile(t.path(NEXT_BACKUP), lines(3))
      await writeFile(t.path("audit.log"), lines(4))
    },
    bodies(1, 2, 3, 4),
  ],
  [
    "backups that were there before the first start, oldest first",
    async (t) => {
      await t.write("audit.log", lines(4))
      await t.write("audit.log.1", lines(3))
      await t.write("audit.log.2", lines(2))
      await writeFile(t.path("audit.log.10.gz"), gzipSync(lines(1)))
    },
    bodies(1, 2, 3, 4),
  ],
  [
    "a gz of a file that was read is not read again, not even while it is being written",
    async (t) => {
      await t.write("audit.log", lines(1, 2))
      await t.read()
      await rename(t.path("audit.log"), t.path(BACKUP))
      await t.write("audit.log", lines(3))
      await t.read()
      const whole = gzipSync(lines(1, 2))
      await writeFile(t.path(`${BACKUP}.gz`), whole.subarray(0, 40))
      await t.read()
      await writeFile(t.path(`${BACKUP}.gz`), whole)
      await t.read()
      await unlink(t.path(BACKUP))
      await t.settle()
      await t.restart("stopped")
    },
    bodies(1, 2, 3),
  ],
  [
    "zstd backups too",
    async (t) => {
      await t.write("audit.log", lines(2))
      await writeFile(t.path("audit.log-20260101.zst"), zstdCompressSync(lines(1)))
    },
    bodies(1, 2),
  ],
  [
    "copytruncate: the copy holds what had not been read when the file was emptied",
    async (t) => {
      await t.write("audit.log", lines(1))
      await t.read()
      await t.write("audit.log", lines(2))
      await copyFile(t.path("audit.log"), t.path("audit.log.1"))
      await truncate(t.path("audit.log"))
      await t.write("audit.log", lines(3))
    },
    bodies(1, 2, 3),
  ],
  [
    "copytruncate, and the new lines are longer than the old ones at the next look",
    async (t) => {
      await t.write("audit.log", lines(1))
      await t.read()
      await truncate(t.path("audit.log"))
      await t.write("audit.log", lines(2, 3, 4))
    },
    bodies(1, 2, 3, 4),
  ],
  [
    "copytruncate, then renamed, and both compressed before the next look: the copy first",
    async (t) => {
      await t.write("audit.log", lines(1))
      await t.read()
      await writeFile(t.path(`${BACKUP}.gz`), gzipSync(lines(1, 2)))
      await truncate(t.path("audit.log"))
      await t.write("audit.log", lines(3))
      await writeFile(t.path(`${NEXT_BACKUP}.gz`), gzipSync(lines(3)))
      await unlink(t.path("audit.log"))
      await t.write("audit.log", lines(4))
    },
    bodies(1, 2, 3, 4),
  ],
  [
    "the same, and it has grown beyond what it held when it was read",
    async (t) => {
      await t.write("audit.log", lines(1))
      await t.read()
      await writeFile(t.path(`${BACKUP}.gz`), gzipSync(lines(1, 2)))
      await truncate(t.path("audit.log"))
      await t.write("audit.log", lines(3, 4, 5))
      await writeFile(t.path(`${NEXT_BACKUP}.gz`), gzipSync(lines(3, 4, 5)))
      await unlink(t.path("audit.log"))
      await t.write("audit.log", lines(6))
    },
    bodies(1, 2, 3, 4, 5, 6),
  ],
  [
    "truncated to nothing and silent for a while",
    async (t) => {
      await t.write("audit.log", lines(1))
      await t.read()
      await truncate(t.path("audit.log"))
      await t.settle()
      await t.write("audit.log", lines(2))
    },
    bodies(1, 2),
  ],
  [
    "truncated to a shorter length: what stays was read",
    async (t) => {
      await t.write("audit.log", lines(1, 2, 3))
      await t.read()
      await truncate(t.path("audit.log"), eventLine(1).length)
      await t.read()
      await t.write("audit.log", lines(4))
    },
    bodies(1, 2, 3, 4),
  ],
  [
    "truncated to a shorter length while nobody looked",
    async (t) => {
      await t.write("audit.log", lines(1, 2, 3))
      await t.read()
      await t.restart("stopped")
      await truncate(t.path("audit.log"), eventLine(1).length)
      await t.read()
      await t.write("audit.log", lines(4))
    },
    bodies(1, 2, 3, 4),
  ],
  [
    "a hard link is the same file",
    async (t) => {
      await t.write("audit.log", lines(1))
      await t.read()
      await link(t.path("audit.log"), t.path("audit.log.1"))
      await t.read()
      await t.write("audit.log", lines(2))
    },
    bodies(1, 2),
  ],
  [
    "a copy is the same content",
    async (t) => {
      await t.write("audit.log", lines(1, 2))
      await copyFile(t.path("audit.log"), t.path("audit.log.1"))
      await t.read()
      await t.write("audit.log", lines(3))
    },
    bodies(1, 2, 3),
  ],
  [
    "deleted while it is followed: read to its end, even what is written afterwards",
    async (t) => {
      const file = await open(t.path("audit.log"), "a")
      await file.write(lines(1))
      await t.read()
      await file.write(lines(2))
      await unlink(t.path("audit.log"))
      await t.read()
      await file.write(lines(3))
      await t.read()
      await file.close()
    },
    bodies(1, 2, 3),
  ],
  [
    "moved away to another folder: read to its end, then the new one",
    async (t) => {
      await mkdir(t.path("old"))
      await t.write("audit.log", lines(1))
      await t.read()
      await t.write("audit.log", lines(2))
      await rename(t.path("audit.log"), t.path("old/audit.log"))
      await t.write("audit.log", lines(3))
    },
    bodies(1, 2, 3),
  ],
  [
    "renamed by others while the server goes on writing to it (kubernetes#111208)",
    async (t) => {
      const file = await open(t.path("audit.log"), "a")
      await file.write(lines(1))
      await t.read()
      await rename(t.path("audit.log"), t.path("audit.log.1"))
      await t.settle()
      await file.write(lines(2))
      await file.close()
      await t.read()
      await t.write("audit.log", lines(3))
    },
    bodies(1, 2, 3),
  ],
  [
    "the last line of a file that has ended is taken, cut off as it is",
    async (t) => {
      await t.write("audit.log", lines(1) + eventLine(2).slice(0, 60))
      await t.read()
      await rename(t.path("audit.log"), t.path(BACKUP))
      await t.write("audit.log", lines(3))
      await t.settle()
    },
    [...bodies(1, 3), eventLine(2).slice(0, 60)],
  ],
  [
    "a file of nothing but half a line, rotated",
    async (t) => {
      await t.write(BACKUP, eventLine(1).slice(0, 60))
      await t.write("audit.log", lines(2))
      await t.settle()
    },
    [...bodies(2), eventLine(1).slice(0, 60)],
  ],
  [
    "a server that died in the middle of a line: the next event on that line is whole",
    (t) => t.write("audit.log", eventLine(1).slice(0, 60) + lines(2, 3)),
    [eventLine(1).slice(0, 60), ...bodies(2, 3)],
  ],
  [
    "stopped and started: goes on where it was",
    async (t) => {
      await t.write("audit.log", lines(1))
      await t.read()
      await t.restart("stopped")
      await t.write("audit.log", lines(2))
    },
    bodies(1, 2),
  ],
  [
    "killed before any position was saved: the journal knows",
    async (t) => {
      await t.write("audit.log", lines(1, 2))
      await t.read()
      await t.restart("killed")
      await rm(t.path("state"), { recursive: true })
      await t.write("audit.log", lines(3))
    },
    bodies(1, 2, 3),
  ],
  [
    "a line that stands in the log twice comes twice, killed or not",
    async (t) => {
      await t.write("audit.log", lines(1, 1, 2, 1))
      await t.read()
      await t.restart("killed")
      await rm(t.path("state"), { recursive: true })
      await t.write("audit.log", lines(2))
    },
    bodies(1, 1, 2, 1, 2),
  ],
  ["blank lines and CRLF", (t) => t.write("audit.log", `\n\r\n${lines(1)}  \n`), bodies(1)],
  [
    "a journal that is full is waited for",
    async (t) => {
      t.refuse = 3
      await t.write("audit.log", lines(1, 2))
      await t.read()
      assert.equal(t.pauses, 3)
      assert.deepEqual(
        t.troubles.map(({ code }) => code),
        ["journal.unavailable"],
      )
    },
    bodies(1, 2),
  ],
  [
    "a folder that is made later",
    async (t) => {
      await t.read()
      await t.write("audit.log", lines(1))
    },
    bodies(1),
  ],
]
for (const [why, act, expected] of cases) {
  test(`follows: ${why}`, async () => {
    const t = await Tailed.open()
    try {
      await act(t)
      await t.read()
      assert.deepEqual(t.bodies, expected)
      assert.deepEqual(t.losses, [])
      await t.restart("stopped")
      await t.settle()
      assert.deepEqual(t.bodies, expected, "a restart reads nothing again")
    } finally {
      await t.remove()
    }
  })
}

test("copytruncate under a writer that keeps its offset: the hole is skipped and told, once", async () => {
  const t = await Tailed.open()
  try {
    const file = await open(t.path("audit.log"), "w")
    const first = lines(1, 2)
    await file.write(first, 0)
    await t.read()
    await truncate(t.path("audit.log"))
    await file.write(lines(3), first.length)
    await t.read()
    await file.write(lines(4), first.length + lines(3).length)
    await file.close()
    await t.read()
    await t.restart("stopped")
    await t.read()
    assert.deepEqual(t.bodies, bodies(1, 2, 3, 4))
    assert.deepEqual(
      t.losses.map(({ why, offset, bytes }) => [why, offset, bytes]),
      [["hole", 0, first.length]],
    )
  } finally {
    await t.remove()
  }
})

test("NULs at the end wait for what follows; in the middle they end a line, and none are in a record", async () => {
  const t = await Tailed.open()
  try {
    const half = eventLine(2).slice(0, 70)
    await t.write("audit.log", `${lines(1)}${half}${"\0".repeat(5000)}`)
    await t.read()
    assert.deepEqual(t.bodies, [...bodies(1), half])
    assert.equal(t.losses.length, 0)
    await t.write("audit.log", lines(3))
    await t.read()
    assert.deepEqual(t.bodies, [...bodies(1), half, ...bodies(3)])
    assert.deepEqual(
      t.losses.map(({ why, bytes }) => [why, bytes]),
      [["hole", 5000]],
    )
  } finally {
    await t.remove()
  }
})

test("a line over the limit is kept up to it, quarantined, and the rest is told", async () => {
  const t = await Tailed.open({ lineBytesMax: 2_000_000 })
  try {
    const long = eventLine(1, 3_000_000)
    await t.write("audit.log", long + lines(2))
    await t.read()
    assert.deepEqual(
      t.ledger.map(({ body }) => body.length),
      [2_000_000, lines(2).length - 1],
    )
    assert.deepEqual(t.ledger[0]?.words, [["quarantined", "cutOff"]])
    assert.deepEqual(
      t.losses.map(({ why, offset, bytes }) => [why, offset, bytes]),
      [["long", 2_000_000, long.length - 1 - 2_000_000]],
    )
  } finally {
    await t.remove()
  }
})

test("a line of megabytes written bit by bit is one record", async () => {
  const t = await Tailed.open()
  try {
    const long = eventLine(1, 5_000_000)
    for (let at = 0; at < long.length; at += 700_000) {
      await t.write("audit.log", long.slice(at, at + 700_000))
      await t.read()
    }
    assert.ok(t.bodies.length === 1 && t.bodies[0] === long.trimEnd())
  } finally {
    await t.remove()
  }
})

test("a file that must not be read is told once, and read when it may be", {
  skip: process.getuid?.() === 0,
}, async () => {
  const t = await Tailed.open()
  try {
    await t.write("audit.log", lines(1))
    await chmod(t.path("audit.log"), 0)
    await t.read()
    await t.read()
    assert.deepEqual(
      t.troubles.map(({ code }) => code),
      ["file.unreadable"],
    )
    await chmod(t.path("audit.log"), 0o600)
    await t.read()
    assert.deepEqual(t.bodies, bodies(1))
  } finally {
    await t.remove()
  }
})

test("what was seen and is gone before it was read is told as a loss", async () => {
  const t = await Tailed.open({ turnBytesMax: 10 })
  try {
    await t.write("audit.log", lines(...Array.from({ length: 5000 }, (_, i) => i)))
    const tail = await t.tail()
    assert.ok(await tail.step(t.deliver, new AbortController().signal), "there is more")
    const read = t.ledger.length
    assert.ok(read < 5000)
    await truncate(t.path("audit.log"))
    await t.settle()
    const missing = t.losses.map(({ why, bytes }) => [why, bytes])
    assert.equal(missing.length, 1)
    assert.equal(missing[0]?.[0], "vanished")
  } finally {
    await t.remove()
  }
})

test("a gz that stays cut off gives what can be decoded, and the rest is told", async () => {
  const t = await Tailed.open()
  try {
    const all = Array.from({ length: 3000 }, (_, i) => eventLine(`${i}-${Math.imul(i, 2654435761)}`)).join("")
    await writeFile(t.path(`${BACKUP}.gz`), gzipSync(all).subarray(0, -2000))
    await t.settle()
    assert.ok(t.ledger.length > 1000)
    assert.deepEqual(
      t.losses.map(({ why }) => why),
      ["damaged"],
    )
    assert.deepEqual(
      t.troubles.map(({ code }) => code),
      ["file.lost"],
    )
    assert.ok(all.startsWith(t.bodies.slice(0, -1).join("\n")))
  } finally {
    await t.remove()
  }
})

test("from: end begins with what comes after the first look, backups left out", async () => {
  const t = await Tailed.open()
  try {
    await t.remove()
    await mkdir(t.folder)
    const late = await Tailed.open({ files: [{ path: t.path("audit.log"), source: "c/a", from: "end" }] })
    await t.write("audit.log", lines(1) + eventLine(2).slice(0, 40))
    await t.write(BACKUP, lines(0))
    await writeFile(t.path("audit.log.9.gz"), gzipSync(lines("z")))
    await late.read()
    await t.write("audit.log", eventLine(2).slice(40) + lines(3))
    await t.write(NEXT_BACKUP, lines(4))
    await late.read()
    assert.deepEqual(late.bodies.sort(), bodies(2, 3, 4))
    await late.remove()
  } finally {
    await t.remove()
  }
})

test("a glob in folders and names takes each file once, each line under its source", async () => {
  const t = await Tailed.open()
  const two = await Tailed.open({
    files: [
      { path: t.path("node-*/audit*.log"), source: "c/a", from: "start" },
      { path: t.path("*/*.log"), source: "c/b", from: "start" },
    ],
  })
  try {
    for (const name of ["node-1", "node-2", "other"]) {
      await mkdir(t.path(name))
      await t.write(`${name}/audit.log`, lines(name))
      await t.write(`${name}/${BACKUP}`, lines(`${name} old`))
    }
    await two.read()
    assert.deepEqual(
      two.ledger.map(({ source, body }) => [
        source,
        /"auditID":"([^"]*)"/.exec(Buffer.from(body).toString())?.[1],
      ]),
      [
        ["c/a", "node-1 old"],
        ["c/a", "node-1"],
        ["c/a", "node-2 old"],
        ["c/a", "node-2"],
        ["c/b", "other old"],
        ["c/b", "other"],
      ],
    )
  } finally {
    await two.remove()
    await t.remove()
  }
})

test("a state file that cannot be read is set aside and told; the journal prevents duplicates", async () => {
  const t = await Tailed.open()
  try {
    await t.write("audit.log", lines(1, 2))
    await t.read()
    await t.restart("stopped")
    await writeFile(t.path("state/positions.json"), "{")
    await t.read()
    assert.deepEqual(t.bodies, bodies(1, 2))
    assert.deepEqual(
      t.troubles.map(({ code }) => code),
      ["positions.malformed"],
    )
    assert.ok((await readFile(t.path("state/positions.json"), "utf8")).includes("tallystick/positions/v1"))
  } finally {
    await t.remove()
  }
})

test("legacy lines are records of kind log; other text is quarantined", async () => {
  const t = await Tailed.open()
  try {
    const legacy =
      '2026-07-24T10:11:12.345678Z AUDIT: id="a" stage="ResponseComplete" ip="192.0.2.10" method="create" user="alice"'
    await t.write("audit.log", `${legacy}\nsomething else\n${lines(1)}`)
    await t.read()
    assert.deepEqual(
      t.ledger.map(({ kind, words }) => [kind, words]),
      [
        ["log", [["time", "2026-07-24T10:11:12.345678Z"]]],
        ["log", [["quarantined", "syntax"]]],
        ["k8s.audit", []],
      ],
    )
  } finally {
    await t.remove()
  }
})
