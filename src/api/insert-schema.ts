import { Type } from "typebox"

const text = (description: string) => Type.Optional(Type.String({ description }))

/** Arguments of the insert endpoints, for /openapi.json; docs/INSERT.md is their page for people. Most may be headers too. */
export const InsertParameters = Type.Object({
  _time_field: text("Fields that may hold the time, the first that does counts; header VL-Time-Field"),
  _msg_field: text("Fields that may hold the message; header VL-Msg-Field"),
  _stream_fields: text(
    "Fields that label the stream, beside cluster, kind and source; header VL-Stream-Fields",
  ),
  extra_fields: text("name=value,… added to every line; header VL-Extra-Fields"),
  source: text("Narrows the credential's source"),
  unwrap: text("0: audit events within lines stay where they are"),
  debug: text("1: /insert/jsonline answers what became of each line; header VL-Debug"),
  ignore_fields: text("Changes nothing; the header tallystick-unused says so"),
  decolorize_fields: text("Changes nothing; the header tallystick-unused says so"),
})
