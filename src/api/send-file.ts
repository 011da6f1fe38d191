import { Readable } from "node:stream"
import type { FastifyReply } from "fastify"
import { formatMicros } from "../base/time.ts"
import type { FileFormat, FileMessage } from "../search/message.ts"
import { ANSWER, type AskDeps, answerMark, type Question } from "./ask.ts"

const TYPES: Readonly<Record<FileFormat, string>> = {
  csv: "text/csv; charset=utf-8",
  parquet: "application/vnd.apache.parquet",
}
/** Header with the next page's cursor; empty on the last page. */
const CURSOR = "tallystick-cursor"

/**
 * Sends an answer as one file. It is complete before its first byte goes out, so the headers and the file's name can say that
 * limits cut it: `tallystick-20260102T030405Z.partial.csv`.
 */
export async function sendFile(
  question: Question,
  format: FileFormat,
  reply: FastifyReply,
  { clock, onTrouble }: AskDeps,
): Promise<unknown> {
  const messages = question.file(format)
  let first: IteratorResult<FileMessage>
  try {
    first = await messages.next()
    if (first.done === true || first.value.kind !== "file") throw new Error("the search sent no file")
  } catch (error) {
    question.note(question.left.aborted ? "left" : "refused", 0)
    if (question.left.aborted) return reply.hijack()
    throw error
  }
  const { rows, partial, next = "" } = first.value.ending
  const mark = partial === undefined ? "" : ".partial"
  const name = `tallystick-${formatMicros(clock()).slice(0, 19).replace(/[-:]/g, "")}Z${mark}.${format}`
  if (question.asked.walk !== undefined) void reply.header(CURSOR, next)
  return reply
    .header("content-type", TYPES[format])
    .header("content-disposition", `attachment; filename="${name}"`)
    .header(ANSWER, answerMark(partial))
    .send(Readable.from(bytesOf(messages), { objectMode: false }))

  async function* bytesOf(rest: AsyncIterable<FileMessage>): AsyncGenerator<Uint8Array> {
    let ended = false
    try {
      for await (const message of rest) {
        if (message.kind === "bytes") yield message.bytes
        else ended = true
      }
    } catch (error) {
      if (!question.left.aborted) onTrouble(error)
      throw error
    } finally {
      question.note(!ended ? "left" : partial === undefined ? "whole" : "partial", rows)
    }
  }
}
