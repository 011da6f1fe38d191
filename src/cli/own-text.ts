import { utf8 } from "../base/bytes.ts"

/**
 * What a record of the ledger's own says, on one line, as `_msg` has it in queries (store/own-message.ts): its name, or what
 * was done, and the facts of it. Undefined for a body that is none.
 */
export function ownText(body: Uint8Array): string | undefined {
  try {
    const { what, kind, facts = [] } = JSON.parse(utf8(body) ?? "") as Readonly<Record<string, unknown>>
    const name = what ?? kind
    if (typeof name !== "string" || !Array.isArray(facts)) return undefined
    return `tallystick: ${name}${facts.map(([key, value]) => ` ${key}=${value}`).join("")}`
  } catch {
    return undefined
  }
}
