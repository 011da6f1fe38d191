import type { Row } from "../query/row.ts"

/** What a query asks for to have {@link bodyOf} its rows. */
export const BODY_FIELDS = "raw, rawEncoding"

/** The body as it was received. One with line breaks in it, as tools that print JSON prettily send, is kept as base64. */
export function bodyOf({ raw, rawEncoding }: Readonly<Partial<Row>>): Buffer | undefined {
  return raw === undefined ? undefined : Buffer.from(raw, rawEncoding === "base64" ? "base64" : "utf8")
}
