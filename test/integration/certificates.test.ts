/** What a running server says of its certificates, to a person and to Prometheus. */
import assert from "node:assert/strict"
import { copyFile, readFile } from "node:fs/promises"
import { request } from "node:https"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { parseCertificates } from "../../src/api/certificate.ts"
import { makeAuthority, makeCertificate, type Pair } from "../support/certificates.ts"
import { eventually, type Server, startServer, temporaryFolder } from "../support/server.ts"

const folder = await temporaryFolder()
const live = { certificate: join(folder.path, "live.crt"), key: join(folder.path, "live.key") }
let authority: Pair
let server: Server

before(async () => {
  authority = await makeAuthority(folder.path, "ca")
  await put(1)
  const files = Object.entries(live).flatMap(([name, path]) => ["--set", `tls.${name}=${path}`])
  server = await startServer(join(folder.path, "data"), { args: files })
})
after(async () => {
  assert.equal(await server.end(), 0, server.output())
  await folder.remove()
})

/** Another pair in the place of the one before. */
async function put(days: number): Promise<void> {
  const { path: dir } = folder
  const subject = "/CN=x"
  const alternatives = "IP:127.0.0.1"
  const pair = await makeCertificate({
    ...{ dir, name: `days-${days}`, authority, subject, alternatives, days },
    usage: "serverAuth",
  })
  await copyFile(pair.key, live.key)
  await copyFile(pair.certificate, live.certificate)
}

async function expiry(): Promise<number> {
  const ca = await readFile(authority.certificate)
  const text = await new Promise<string>((resolve, reject) => {
    const sent = request(`${server.url}/metrics`, { ca, agent: false }, (answer) => {
      let body = ""
      answer.setEncoding("utf8").on("data", (piece: string) => {
        body += piece
      })
      answer.on("end", () => resolve(body))
    })
    sent.on("error", reject).end()
  })
  const name = "tallystick_tls_certificate_expiry_timestamp_seconds"
  return Number(new RegExp(`^${name}\\{file="certificate"\\} (\\d+)$`, "m").exec(text)?.[1])
}

async function inFile(): Promise<number> {
  const [own] = parseCertificates(await readFile(live.certificate, "utf8"), live.certificate)
  return (own?.validToDate.getTime() ?? 0) / 1000
}

test("a certificate that expires tomorrow is told of at the start, with what to do, and to Prometheus", async () => {
  await eventually(
    "it says so",
    5_000,
    async () => server.output().includes("certificate.expiring") || undefined,
  )
  assert.match(
    server.output(),
    /"level":"warn".*"option":"tls.certificate","message":"the certificate expires in \d days?","hint":"renew it; .*","event":"certificate.expiring"/,
  )
  assert.equal(await expiry(), await inFile())
})

test("SIGHUP takes a renewed one over at once", async () => {
  await put(90)
  server.child.kill("SIGHUP")
  await eventually(
    "it says so",
    5_000,
    async () => server.output().includes("certificate.taken") || undefined,
  )
  assert.equal(await expiry(), await inFile())
  assert.equal(server.output().split('"certificate.expiring"').length, 2, "nothing is wrong any more")
})
