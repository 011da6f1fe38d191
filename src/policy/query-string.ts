/** Pairs in their order, as Go's net/url reads them. */
export type Query = readonly (readonly [key: string, value: string])[]

/** Pairs that hold a semicolon or an escape that is none are left out, and the others stay. */
export function parseQuery(text: string): Query {
  return text.split("&").flatMap((pair) => {
    if (pair === "" || pair.includes(";")) return []
    const at = pair.indexOf("=")
    const [key, value] = at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)]
    const [first, second] = [unescaped(key), unescaped(value)]
    return first === undefined || second === undefined ? [] : [[first, second] as const]
  })
}

function unescaped(text: string): string | undefined {
  return percentDecoded(text.replaceAll("+", " "))
}

/** Bytes, also those that are no UTF-8 (they become U+FFFD); undefined when an escape is none. */
export function percentDecoded(text: string): string | undefined {
  if (!text.includes("%")) return text
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (coded) =>
    UTF8.decode(Uint8Array.from(coded.slice(1).split("%"), (byte) => Number.parseInt(byte, 16))),
  )
}

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true })
