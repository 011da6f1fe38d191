import { Refusal } from "../base/refusal.ts"

/**
 * Arguments that stand in a body: as a form (which curl's `-d` calls its body, whatever it is), or as a multipart one, as
 * `-F` and browsers send it. Refuses `http.parameters`: JSON, which no endpoint of VictoriaLogs reads either (it passes
 * over it, and then misses the query), files, and what cannot be taken apart.
 */
export async function formOf(body: Uint8Array, contentType: string): Promise<URLSearchParams> {
  const [type = ""] = contentType.toLowerCase().split(";", 1)
  if (type.trim() === "multipart/form-data") return multipart(body, contentType)
  if (type.trim() === "application/json" && body.length > 0) {
    throw new Refusal(
      "http.parameters",
      "expected arguments as a form (application/x-www-form-urlencoded), saw application/json",
    )
  }
  return new URLSearchParams(Buffer.from(body).toString("utf8"))
}

async function multipart(body: Uint8Array, contentType: string): Promise<URLSearchParams> {
  const headers = { "content-type": contentType }
  const form = await new Response(Buffer.from(body), { headers }).formData().catch((error: unknown) => {
    throw new Refusal("http.parameters", "expected a whole multipart form, saw something else", {}, error)
  })
  const found = new URLSearchParams()
  for (const [name, value] of form) {
    if (typeof value !== "string") {
      throw new Refusal("http.parameters", `${name.slice(0, 80)}: expected text, saw a file`, {
        argument: name.slice(0, 80),
      })
    }
    found.append(name, value)
  }
  return found
}
