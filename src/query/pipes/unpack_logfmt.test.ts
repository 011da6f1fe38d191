import assert from "node:assert/strict"
import { test } from "node:test"
import { cpuMs } from "../../../test/support/cpu.ts"
import { parseLogfmt } from "./unpack_logfmt.ts"

const TIMES = 500_000

for (const field of ["a ", "a  ", '" ', "a=1 ", 'a="1 2" ', "a='\\ "]) {
  test(`${TIMES} times ${JSON.stringify(field)} is read at once`, () => {
    const began = cpuMs()
    const { length } = parseLogfmt(field.repeat(TIMES))
    assert.ok(cpuMs() - began < 1_500, `${cpuMs() - began} ms`)
    assert.equal(length, TIMES)
  })
}
