import assert from "node:assert/strict"
import { test } from "node:test"
import { formOf } from "./form.ts"

const FORM = "application/x-www-form-urlencoded"
const MULTIPART = 'multipart/form-data; boundary="--=x Y"'
const part = (name: string, value: string, more = "") =>
  `----=x Y\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`

const taken: [why: string, type: string, body: string, arguments_: [string, string][]][] = [
  [
    "a form",
    FORM,
    "query=verb%3Aget+x&limit=1",
    [
      ["query", "verb:get x"],
      ["limit", "1"],
    ],
  ],
  ["a form, with a charset", `${FORM}; charset=utf-8`, "query=%C3%A9", [["query", "é"]]],
  ["no type at all", "", "query=a", [["query", "a"]]],
  ["a type that lies, as curl's -d with a file", "text/plain", "query=a", [["query", "a"]]],
  ["nothing", "application/json", "", []],
  [
    "a multipart form; the boundary keeps its case",
    MULTIPART,
    `${part("query", 'verb:"é\r\n"')}${part("field", "a")}${part("field", "b")}----=x Y--\r\n`,
    [
      ["query", 'verb:"é\r\n"'],
      ["field", "a"],
      ["field", "b"],
    ],
  ],
]
for (const [why, type, body, expected] of taken) {
  test(`formOf takes: ${why}`, async () => {
    assert.deepEqual([...(await formOf(Buffer.from(body), type))], expected)
  })
}

const refused: [why: string, type: string, body: string, message: RegExp][] = [
  ["JSON", "application/json; charset=utf-8", '{"query":"a"}', /as a form .*saw application\/json/],
  [
    "a file",
    MULTIPART,
    `${part("query", "a", '; filename="q"')}----=x Y--\r\n`,
    /query: expected text, saw a file/,
  ],
  ["a multipart form that was cut", MULTIPART, part("query", "a").slice(0, 40), /whole multipart form/],
  ["a multipart form without a boundary", "multipart/form-data", "query=a", /whole multipart form/],
]
for (const [why, type, body, message] of refused) {
  test(`formOf refuses: ${why}`, () =>
    assert.rejects(formOf(Buffer.from(body), type), { code: "http.parameters", message }))
}
