const [LF, SPACE] = [0x0a, 0x20]

/** The lines of a body, without the white space around them; empty ones are left out. */
export function* linesOf(body: Uint8Array): Generator<Uint8Array, void> {
  for (let start = 0; start < body.length; ) {
    const feed = body.indexOf(LF, start)
    const next = feed < 0 ? body.length : feed + 1
    const line = trimmed(body.subarray(start, next))
    if (line.length > 0) yield line
    start = next
  }
}

/** The body from one of its lines on. */
export function restFrom(body: Uint8Array, line: Uint8Array): Uint8Array {
  return body.subarray(line.byteOffset - body.byteOffset)
}

function trimmed(line: Uint8Array): Uint8Array {
  let [start, end] = [0, line.length]
  while (start < end && (line[start] as number) <= SPACE) start++
  while (end > start && (line[end - 1] as number) <= SPACE) end--
  return line.subarray(start, end)
}
