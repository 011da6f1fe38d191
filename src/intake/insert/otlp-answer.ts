import { BinaryWriter } from "./protobuf.ts"

/** What of an export was not understood: ExportLogsPartialSuccess. */
export type Rejected = { readonly count: number; readonly message: string }

/** ExportLogsServiceResponse as JSON; all fields are left out when everything was understood. */
export function formatOtlpJson(rejected: Rejected | undefined): string {
  if (rejected === undefined) return "{}"
  const partialSuccess = { rejectedLogRecords: String(rejected.count), errorMessage: rejected.message }
  return JSON.stringify({ partialSuccess })
}

/** The same as protobuf. */
export function formatOtlpProto(rejected: Rejected | undefined): Uint8Array {
  const writer = new BinaryWriter()
  if (rejected === undefined) return writer.finish()
  return writer
    .tag(1, 2)
    .fork()
    .tag(1, 0)
    .int64(rejected.count)
    .tag(2, 2)
    .string(rejected.message)
    .join()
    .finish()
}
