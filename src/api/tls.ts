import { constants, createPrivateKey, type KeyObject } from "node:crypto"
import { stat } from "node:fs/promises"
import { createSecureContext, type SecureContextOptions } from "node:tls"
import { Refusal } from "../base/refusal.ts"
import { unreadable } from "../base/unreadable.ts"
import { type Certificates, parseCertificates } from "./certificate.ts"
import type { ReadText } from "./credentials.ts"

/** The configuration's `tls`. */
export type TlsConfig = {
  readonly certificate: string
  readonly key: string
  readonly clientCa?: string | undefined
  readonly minVersion: "1.2" | "1.3"
  readonly maxVersion: "1.2" | "1.3"
}

/** What a TLS server takes over while it runs. */
export type SecureServer = { setSecureContext(options: SecureContextOptions): void }

/**
 * Certificate, key and client authority as they stand in their files. {@link reload} gives them to a running server:
 * connections that are open go on as they are, new ones see the new certificate.
 */
export class TlsFiles {
  readonly #config: TlsConfig
  readonly #readText: ReadText
  #loaded: Loaded
  #seen: string

  private constructor(config: TlsConfig, readText: ReadText, loaded: Loaded, seen: string) {
    this.#config = config
    this.#readText = readText
    this.#loaded = loaded
    this.#seen = seen
  }

  /** Refuses `tls.malformed` for files that cannot be read or do not belong together. */
  static async open(config: TlsConfig, readText: ReadText): Promise<TlsFiles> {
    const seen = await fingerprint(config)
    return new TlsFiles(config, readText, await load(config, readText), seen)
  }

  get options(): SecureContextOptions {
    return this.#loaded.options
  }

  /** Those in force, which may be older than the files: another object when others were taken over. */
  get certificates(): Certificates {
    return this.#loaded.certificates
  }

  get wantsClientCertificates(): boolean {
    return this.#config.clientCa !== undefined
  }

  /**
   * Takes over what changed; true when something did. Certificate and key are two files and are never both new at the
   * same instant: a pair that does not fit is refused, the old one stays, and the next call tries again.
   */
  async reload(servers: readonly SecureServer[]): Promise<boolean> {
    const seen = await fingerprint(this.#config)
    if (seen === this.#seen) return false
    const loaded = await load(this.#config, this.#readText)
    for (const server of servers) server.setSecureContext(loaded.options)
    this.#loaded = loaded
    this.#seen = seen
    return true
  }
}

type Loaded = { readonly options: SecureContextOptions; readonly certificates: Certificates }

async function load(config: TlsConfig, readText: ReadText): Promise<Loaded> {
  if (config.minVersion > config.maxVersion) {
    throw new Refusal(
      "tls.malformed",
      `tls.minVersion ${config.minVersion} is above tls.maxVersion ${config.maxVersion}`,
    )
  }
  try {
    const [cert, key] = await Promise.all([readText(config.certificate), readText(config.key)])
    const ca = config.clientCa === undefined ? undefined : await readText(config.clientCa)
    const options: SecureContextOptions = {
      cert,
      key,
      ...(ca === undefined ? {} : { ca }),
      minVersion: `TLSv${config.minVersion}`,
      maxVersion: `TLSv${config.maxVersion}`,
      honorCipherOrder: true,
      // A resumed session would bring along a client certificate that was verified against an authority of yesterday.
      secureOptions: constants.SSL_OP_NO_TICKET,
    }
    const certificates = checkFiles(config, { cert, key, ca })
    createSecureContext(options)
    return { options, certificates }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Refusal("tls.malformed", `the certificate files cannot be used: ${why}`, {}, cause)
  }
}

/** Says which file is wrong, and how: OpenSSL says `no start line`, and takes of a pair that does not fit the half that came last. */
function checkFiles(
  config: TlsConfig,
  { cert, key, ca }: { readonly cert: string; readonly key: string; readonly ca: string | undefined },
): Certificates {
  const certificate = parseCertificates(cert, config.certificate)
  const clientCa = ca === undefined ? [] : parseCertificates(ca, config.clientCa ?? "")
  if (certificate[0]?.checkPrivateKey(parsedKey(key, config.key)) !== true)
    throw new Error(`the key in ${config.key} is not that of the certificate in ${config.certificate}`)
  return { certificate, clientCa }
}

function parsedKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new Error(`${path} holds no PEM private key without a passphrase`, { cause })
  }
}

/** What changes when a file is written, renamed over or linked anew (Kubernetes swaps a symbolic link). */
async function fingerprint({ certificate, key, clientCa }: TlsConfig): Promise<string> {
  const paths = [certificate, key, ...(clientCa === undefined ? [] : [clientCa])]
  const marks = await Promise.all(
    paths.map(async (path) => {
      try {
        const { mtimeMs, ino, size } = await stat(path)
        return `${mtimeMs}/${ino}/${size}`
      } catch (cause) {
        throw new Refusal("tls.malformed", unreadable(path, cause), {}, cause)
      }
    }),
  )
  return marks.join(" ")
}
