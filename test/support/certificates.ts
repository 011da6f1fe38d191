import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

/** A key and a certificate as PEM files. */
export type Pair = { readonly certificate: string; readonly key: string }

/** Makes an authority of its own in `dir`, with the openssl command; good for a day. */
export async function makeAuthority(dir: string, name: string): Promise<Pair> {
  const pair = filesOf(dir, name)
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"],
    ...["-keyout", pair.key, "-out", pair.certificate, "-subj", `/CN=${name}`],
  ])
  return pair
}

export type Wanted = {
  readonly dir: string
  readonly name: string
  readonly authority: Pair
  /** `CN=kube-apiserver`, as openssl writes it: `/O=x/CN=y`. */
  readonly subject: string
  /** `DNS:localhost,IP:127.0.0.1` */
  readonly alternatives?: string
  readonly usage?: "serverAuth" | "clientAuth"
  readonly serial?: number
  readonly days?: number
}

/** Makes a key and a certificate signed by `authority`. */
export async function makeCertificate(wanted: Wanted): Promise<Pair> {
  const { dir, name, authority, subject, alternatives, usage = "clientAuth", serial = 1, days = 1 } = wanted
  const pair = filesOf(dir, name)
  const request = join(dir, `${name}.csr`)
  const extensions = join(dir, `${name}.ext`)
  const lines = [
    `extendedKeyUsage=${usage}`,
    ...(alternatives === undefined ? [] : [`subjectAltName=${alternatives}`]),
  ]
  await writeFile(extensions, `${lines.join("\n")}\n`)
  await run("openssl", [
    ...["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-keyout", pair.key, "-out", request, "-subj", subject],
  ])
  await run("openssl", [
    ...[
      "x509",
      "-req",
      "-in",
      request,
      "-days",
      String(days),
      "-set_serial",
      String(serial),
      "-extfile",
      extensions,
    ],
    ...["-CA", authority.certificate, "-CAkey", authority.key, "-out", pair.certificate],
  ])
  return pair
}

function filesOf(dir: string, name: string): Pair {
  return { certificate: join(dir, `${name}.crt`), key: join(dir, `${name}.key`) }
}
