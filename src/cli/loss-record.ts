import type { NewRecord } from "../event/record.ts"
import type { FileLoss } from "../intake/file-follower.ts"
import type { Loss as WebhookLoss } from "../intake/take-body.ts"
import { loss } from "../journal/control.ts"
import { controlRecord } from "../journal/control-kind.ts"

/** A request that was refused for its size: nobody knows how many events were in it. */
export function webhookLossRecord({ source, bytesSeen }: WebhookLoss, next: number): NewRecord {
  const detail = `a request of ${source} was over the size limit`
  return record({ why: "body.tooLarge", bytes: bytesSeen, detail }, next)
}

const WHYS: Readonly<Record<FileLoss["why"], string>> = {
  hole: "a run of NULs was skipped",
  long: "the rest of a line over the limit was left out",
  torn: "the rest of a line whose beginning is in another record was left out",
  damaged: "a compressed file cannot be decoded to its end",
  vanished: "a file was gone before it was read",
}

export function fileLossRecord({ source, path, why, offset, bytes }: FileLoss, next: number): NewRecord {
  const detail = `${WHYS[why]}: ${path} at byte ${offset}, source ${source}`
  return record({ why: "source.gone", bytes, detail: detail.toWellFormed() }, next)
}

function record(
  lost: { readonly why: "body.tooLarge" | "source.gone"; readonly bytes: number; readonly detail: string },
  next: number,
): NewRecord {
  return controlRecord(loss.format({ ...lost, first: next, count: 0, gaps: [] }))
}
