import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { toBytes } from "../base/bytes.ts"
import { parseEvent, readField } from "./parse.ts"
import { compileRedaction } from "./redact.ts"
import { sliceEvents } from "./slice.ts"
import { summarise } from "./summary.ts"

/** Real posts of kube-apiserver 1.20.2, hostile requests among them. */
const posts = readFileSync(
  new URL("../../test/fixtures/events/own-1.20.2-webhook-posts.jsonl", import.meta.url),
  "utf8",
)
  .trimEnd()
  .split("\n")
  .map((line) => String(JSON.parse(line).body))

test("recorded posts are sliced to exactly their items, and all of them are events", () => {
  for (const post of posts) {
    const bytes = toBytes(post)
    const { items, shape } = sliceEvents(bytes)
    const texts = items.map(({ start, end }) => Buffer.from(bytes.subarray(start, end)).toString())
    assert.equal(shape, "list")
    assert.ok(post.includes(`"items":[${texts.join(",")}]`))
    assert.deepEqual(
      texts.map((text) => JSON.parse(text)),
      JSON.parse(post).items,
    )
    assert.deepEqual(
      items.map(({ quarantined }) => quarantined),
      items.map(() => undefined),
    )
  }
})

test("hints are what the parsed event says", () => {
  for (const post of posts) {
    const bytes = toBytes(post)
    for (const { start, end, hints } of sliceEvents(bytes).items) {
      const event = parseEvent(bytes.subarray(start, end))
      assert.ok(event !== undefined && hints !== undefined)
      const text = (name: string) => readField(event, name) ?? ""
      assert.equal(hints.stage, text("stage"))
      assert.equal(hints.verb, text("verb"))
      assert.equal(hints.resource, text("objectRef.resource"))
      assert.equal(hints.subresource, text("objectRef.subresource"))
      assert.equal(hints.username, text("user.username"))
      assert.equal(hints.code, readField(event, "responseStatus.code") ?? 0)
      assert.equal(hints.hasBody, "requestObject" in event || "responseObject" in event)
    }
  }
})

test("what is secret in recorded posts is taken out, and nothing else", () => {
  const redact = compileRedaction()
  const hits = posts.flatMap((post) => {
    const bytes = toBytes(post)
    return sliceEvents(bytes).items.flatMap(({ start, end, hints }) => {
      const item = bytes.subarray(start, end)
      return redact(item, hints) ?? []
    })
  })
  assert.ok(hits.length > 0)
  for (const { body, redacted } of hits) {
    assert.ok(
      redacted.every((rule) => rule === "exec-argument" || rule === "token"),
      `${redacted}`,
    )
    assert.ok(!Buffer.from(body).includes("MYSECRET"))
  }
})

test("every recorded event has a sentence", () => {
  const sentence =
    /^('.*'( as '.*')?|an unauthenticated client) (performed|started|requested|failed to perform|was refused) ('[A-Z]+'|an unknown verb) on '/
  for (const item of posts.flatMap((post) => JSON.parse(post).items)) assert.match(summarise(item), sentence)
})
