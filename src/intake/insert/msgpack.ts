import { decodeMulti, ExtensionCodec } from "@msgpack/msgpack"
import { isObject } from "../../base/is-object.ts"
import type { Micros } from "../../base/time.ts"
import type { Keeper } from "./keeper.ts"
import { parseCollectorTime } from "./moment.ts"
import { nanosText, nanosToMicros } from "./nanos.ts"
import type { Fields } from "./place.ts"

/** The one file that knows the msgpack library. */

/** Fluentd's EventTime: seconds and nanoseconds, 32 bits each, as extension 0. */
class EventTime {
  readonly nanos: bigint

  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.nanos = BigInt(view.getUint32(0)) * 1_000_000_000n + BigInt(view.getUint32(4))
  }
}

const EVENT_TIME_BYTES = 8
const CODEC = new ExtensionCodec()
CODEC.register({
  type: 0,
  encode: () => null,
  decode: (bytes) => (bytes.length === EVENT_TIME_BYTES ? new EventTime(bytes) : null),
})

/**
 * What Fluent Bit's http output sends as `format msgpack`: `[time, record]` one after the other, or `[[time, metadata],
 * record]`. Throws where the bytes are none; what stood before is kept all the same.
 */
export function* keepMsgpack(body: Uint8Array, keeper: Keeper): Generator<void, boolean> {
  for (const value of decodeMulti(body, { extensionCodec: CODEC })) {
    const [head, record] = Array.isArray(value) ? (value as readonly unknown[]) : []
    if (!isObject(record) || record instanceof EventTime) keeper.faulty(Buffer.from(textOf(value)), "entry")
    else {
      const time = Array.isArray(head) ? (head as readonly unknown[])[0] : head
      const plain = JSON.parse(textOf(record)) as Fields
      keeper.entry({ ...toEntry(time, plain), labels: [], message: plain })
    }
    yield
  }
  return true
}

function toEntry(time: unknown, plain: Fields) {
  if (time instanceof EventTime) {
    const micros: Micros | undefined = nanosToMicros(time.nanos)
    return micros === undefined
      ? { fields: plain, time: undefined }
      : { fields: { _time: nanosText(time.nanos), ...plain }, time: micros }
  }
  const micros = parseCollectorTime(time)
  return micros === undefined
    ? { fields: plain, time: undefined }
    : { fields: { _time: nanosText(BigInt(micros) * 1000n), ...plain }, time: micros }
}

/** JSON of a decoded value: bytes, which older senders use for text, as the text they are. */
function textOf(value: unknown): string {
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    if (inner instanceof Uint8Array) return Buffer.from(inner).toString("utf8")
    return typeof inner === "bigint" ? String(inner) : inner
  })
  return text ?? "null"
}
