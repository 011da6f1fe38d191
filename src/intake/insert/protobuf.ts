import { BinaryReader, WireType } from "@bufbuild/protobuf/wire"

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

/** Reads a whole message into `into`. Throws a RangeError or Error of the library where the bytes are none. */
export function readProto<T>(bytes: Uint8Array, fields: ProtoFields<T>, into: T): T {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    const field = fields[number]
    if (field !== undefined && WIRES[field.wire] === wire) field.read(reader, into)
    else reader.skip(wire, number)
  }
  return into
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
