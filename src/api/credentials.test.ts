import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"
import { cpuMs } from "../../test/support/cpu.ts"
import { type CredentialConfig, CredentialTable, may } from "./credentials.ts"
import { formatPasswordHash, hashPassword, PasswordChecker, parsePasswordHash } from "./password.ts"

const TOKEN = "correct-horse-battery-staple"
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")
const files =
  (contents: Record<string, string> = {}) =>
  async (path: string) => {
    const text = contents[path]
    if (text === undefined) throw new Error(`no file ${path}`)
    return text
  }
const writer = { name: "prod", source: "prod-1", verbs: ["write"] } as const

test("CredentialTable finds who is asking by token, password and certificate", async () => {
  const table = await CredentialTable.open(
    [
      { ...writer, tokenFile: "t" },
      { name: "hashed", verbs: ["read"], tokenSha256: sha256("another long token") },
      { name: "basic", verbs: ["read"], basic: { user: "ann", passwordFile: "p" } },
      {
        name: "sha",
        verbs: ["read"],
        basic: { user: "bob", passwordSha256: sha256("a long random password") },
      },
      { name: "cert", source: "prod-2", verbs: ["write"], clientNames: ["kube-apiserver", "spiffe://x/api"] },
    ],
    files({ t: `${TOKEN}\n`, p: "pa:ss wörd with everything" }),
  )
  const prod = { name: "prod", source: "prod-1", verbs: ["write"], tenants: [] }
  assert.deepEqual(table.byToken(TOKEN), prod)
  assert.equal(table.byToken("another long token")?.name, "hashed")
  assert.equal(table.byToken(""), undefined)
  assert.equal((await table.byPassword("ann", "pa:ss wörd with everything"))?.name, "basic")
  assert.equal(await table.byPassword("ann", "wrong"), undefined)
  assert.equal(await table.byPassword("nobody", "wrong"), undefined)
  assert.equal(await table.byPassword("nobody", ""), undefined)
  assert.equal((await table.byPassword("bob", "a long random password"))?.name, "sha")
  assert.equal(await table.byPassword("bob", "wrong"), undefined)
  assert.equal(table.byNames(["x", "spiffe://x/api"])?.name, "cert")
  assert.equal(table.byNames(["kube-apiserver.evil"]), undefined)
  assert.deepEqual(table.sources, ["prod-1", "prod-2"])
})

const refused: [why: string, code: string, CredentialConfig[], contents?: Record<string, string>][] = [
  [
    "user/pass, as the seed had it live",
    "credential.weak",
    [{ name: "a", verbs: ["read"], basic: { user: "user", passwordFile: "p" } }],
    { p: "pass" },
  ],
  [
    "admin/admin",
    "credential.weak",
    [{ name: "a", verbs: ["read"], basic: { user: "admin", passwordFile: "p" } }],
    { p: "admin" },
  ],
  [
    "a password that is the user's name",
    "credential.weak",
    [{ name: "a", verbs: ["read"], basic: { user: "longusername", passwordFile: "p" } }],
    { p: "LongUserName" },
  ],
  [
    "a default behind a hash",
    "credential.weak",
    [{ name: "a", verbs: ["read"], basic: { user: "x", passwordSha256: sha256("changeme") } }],
  ],
  [
    "a token that is a default behind a hash",
    "credential.weak",
    [{ name: "a", verbs: ["read"], tokenSha256: sha256("token") }],
  ],
  [
    "a short password",
    "credential.weak",
    [{ name: "a", verbs: ["read"], basic: { user: "x", passwordFile: "p" } }],
    { p: "7 chars" },
  ],
  ["a short token", "credential.weak", [{ ...writer, tokenFile: "t" }], { t: "123456789012345" }],
  ["a file that is not there", "credential.malformed", [{ ...writer, tokenFile: "t" }]],
  ["no way at all", "credential.malformed", [writer]],
  ["two ways", "credential.malformed", [{ ...writer, tokenFile: "t", clientNames: ["x"] }], { t: TOKEN }],
  [
    "a writer without a source",
    "credential.malformed",
    [{ name: "a", verbs: ["write"], tokenFile: "t" }],
    { t: TOKEN },
  ],
  [
    "the reserved source",
    "source.reserved",
    [{ name: "a", source: "tallystick", verbs: ["write"], tokenFile: "t" }],
    { t: TOKEN },
  ],
  [
    "what is no source",
    "source.malformed",
    [{ name: "a", source: "a b", verbs: ["write"], tokenFile: "t" }],
    { t: TOKEN },
  ],
  [
    "the same token twice",
    "credential.malformed",
    [
      { ...writer, tokenFile: "t" },
      { ...writer, tokenFile: "u" },
    ],
    { t: TOKEN, u: TOKEN },
  ],
  ["the same name twice", "credential.malformed", [{ ...writer, clientNames: ["x", "x"] }]],
  ["a hash that is none", "credential.malformed", [{ ...writer, tokenSha256: "abc" }]],
  [
    "a user name with a colon",
    "credential.malformed",
    [{ ...writer, basic: { user: "a:b", passwordFile: "p" } }],
    { p: "long enough" },
  ],
]
for (const [why, code, configs, contents] of refused) {
  test(`CredentialTable refuses ${why}`, () =>
    assert.rejects(CredentialTable.open(configs, files(contents)), { code }))
}

test("CredentialTable.reload takes over new secrets, or keeps all the old ones", async () => {
  const contents: Record<string, string> = { t: TOKEN, u: "the second token of two" }
  const read = (path: string) => files(contents)(path)
  const configs: CredentialConfig[] = [
    { ...writer, tokenFile: "t" },
    { name: "b", verbs: ["read"], tokenFile: "u" },
  ]
  const table = await CredentialTable.open(configs, read)
  contents.t = "a new token, long enough"
  await table.reload()
  assert.equal(table.byToken(TOKEN), undefined)
  assert.equal(table.byToken("a new token, long enough")?.name, "prod")
  contents.t = TOKEN
  contents.u = "short"
  await assert.rejects(table.reload(), { code: "credential.weak" })
  assert.equal(table.byToken("a new token, long enough")?.name, "prod")
})

test("may: any one verb is enough, and admin is all of them", () => {
  const who = (verbs: CredentialConfig["verbs"]) => ({ name: "a", source: undefined, verbs })
  assert.equal(may(who(["read"]), "metrics", "read"), true)
  assert.equal(may(who(["read"]), "write"), false)
  assert.equal(may(who(["admin"]), "write"), true)
})

test("a password hash is printed back as it was read, and no other text is one", async () => {
  const text = formatPasswordHash(await hashPassword("x"))
  assert.equal(formatPasswordHash(parsePasswordHash(text)), text)
  for (const other of [
    `${text} `,
    text.replace("$15$", "$30$"),
    text.replace("$8$", "$9$"),
    text.slice(0, -2),
    "",
    "$$$$$",
  ]) {
    assert.throws(() => parsePasswordHash(other), { code: "credential.malformed" })
  }
})

test("PasswordChecker lets only so many wait, and remembers what it answered", async () => {
  const expected = await hashPassword("right")
  const checker = new PasswordChecker()
  const all = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => checker.check(`guess ${i}`, expected)),
  )
  assert.equal(all.filter(({ status }) => status === "rejected").length, 4)
  assert.equal(await checker.check("guess 0", expected), false)
  assert.equal(await checker.check("right", expected), true)
  const began = cpuMs()
  for (let i = 0; i < 100; i++) await checker.check("right", expected)
  assert.ok(cpuMs() - began < 1000, "remembered")
})

test("a secret that changes while the credentials are opened is taken over by the next reload", async () => {
  let reads = 0
  const table = await CredentialTable.open([{ ...writer, tokenFile: "t" }], async () =>
    reads++ === 0 ? TOKEN : `${TOKEN}-changed`,
  )
  await table.reload()
  assert.equal(table.byToken(TOKEN), undefined)
  assert.equal(table.byToken(`${TOKEN}-changed`)?.name, "prod")
})
