import { Refusal } from "../base/refusal.ts"
import { type Imported, type ImportSpec, importRecords, isImportId } from "./import.ts"

/**
 * An import over HTTP: `POST /import[/<source>]?id=<import id>&name=<file name>`, the body being the file as it stands.
 * What the client learns at the end; until then the server reads as fast as its journal takes.
 */
export type ImportAnswer = {
  readonly id: string
  readonly name: string
  readonly bytes: number
  readonly sha256: string
  readonly records: number
  readonly quarantined: number
  readonly skipped: number
  readonly first?: number
  readonly last?: number
  /** Why the file could not be read to its end; what stands before is imported. */
  readonly damage?: string
}

export type ImportRequest = Omit<ImportSpec, "id"> & {
  /** The query string's. */
  readonly parameters: Readonly<Record<string, string>>
  readonly stream: AsyncIterable<Uint8Array>
  /** Makes the control record `import.done`; resolves when it is durable. */
  readonly onDone: (done: ImportDone) => Promise<void>
}

/** For the control record. `first` and `last` are 0 where there are no records. */
export type ImportDone = {
  readonly id: string
  readonly name: string
  readonly bytes: number
  readonly sha256: string
  readonly records: number
  readonly first: number
  readonly last: number
}

const NAME_LENGTH_MAX = 1024

/** Imports one posted file; refuses `import.parameters` before it reads a byte, and what {@link importRecords} refuses. */
export async function receiveImport({
  parameters,
  stream,
  onDone,
  ...spec
}: ImportRequest): Promise<ImportAnswer> {
  const { id = "", name = "-" } = parameters
  if (!isImportId(id)) {
    throw new Refusal(
      "import.parameters",
      "expected id=<import id> of up to 64 letters, digits, dots and dashes",
    )
  }
  if (name.length > NAME_LENGTH_MAX || !name.isWellFormed()) {
    throw new Refusal("import.parameters", `expected a file name of up to ${NAME_LENGTH_MAX} characters`)
  }
  const imported = await importRecords(stream, { ...spec, id })
  await onDone(importDone(imported, { id, name }))
  const { damage, ...counts } = imported
  return { id, name, ...counts, ...(damage === undefined ? {} : { damage: damage.message }) }
}

export function importDone(imported: Imported, { id, name }: { id: string; name: string }): ImportDone {
  const { bytes, sha256, records, first = 0, last = 0 } = imported
  return { id, name, bytes, sha256, records, first, last }
}
