import { BinaryReader, WireType } from "@bufbuild/protobuf/wire"
import { TooMany } from "./room.ts"

export { BinaryWriter } from "@bufbuild/protobuf/wire"

/**
 * The one file that knows the protobuf library: its reader and writer of the wire format. Messages here are small and old, so each
 * is read by a table of its fields, without generated code.
 */
export type ProtoReader = BinaryReader

/** What to do with each known field, by its number and wire type; others are passed over. */
export type ProtoFields<T> = Readonly<Record<number, ProtoField<T>>>
export type ProtoField<T> = {
  readonly wire: ProtoWire
  readonly read: (reader: ProtoReader, into: T) => void
}
export type ProtoWire = "varint" | "fixed64" | "fixed32" | "bytes"

const WIRES: Readonly<Record<ProtoWire, WireType>> = {
  varint: WireType.Varint,
  fixed64: WireType.Bit64,
  fixed32: WireType.Bit32,
  bytes: WireType.LengthDelimited,
}

/**
 * Fields of one message with all that are in it: an attribute of two bytes becomes sixty of memory. A body of the largest size
 * with labels and metadata at every entry has half as many.
 */
const FIELDS_MAX = 8_000_000
// Messages are read inside each other and to their end, without awaiting: of the outermost.
let [depth, fieldsRead] = [0, 0]

/**
 * Reads a whole message into `into`. Throws a RangeError or Error of the library where the bytes are none, and
 * {@link TooMany} beyond so many fields.
 */
export function readProto<T>(bytes: Uint8Array, fields: ProtoFields<T>, into: T): T {
  if (depth === 0) fieldsRead = 0
  depth++
  try {
    const reader = new BinaryReader(bytes)
    while (reader.pos < reader.len) {
      if (++fieldsRead > FIELDS_MAX) throw new TooMany()
      const [number, wire] = reader.tag()
      const field = fields[number]
      if (field !== undefined && WIRES[field.wire] === wire) field.read(reader, into)
      else reader.skip(wire, number)
    }
    return into
  } finally {
    depth--
  }
}

/** A field whose value, the last of them where there are several, stands under `key`. */
export function put<T, K extends keyof T>(
  wire: ProtoWire,
  key: K,
  value: (reader: ProtoReader) => T[K],
): ProtoField<T> {
  return {
    wire,
    read(reader, into) {
      into[key] = value(reader)
    },
  }
}
