import type { KubernetesVersion } from "../policy/index.ts"
import type { Mode } from "./batch-flags.ts"
import type { Distribution } from "./server.ts"

/** What a person wants: this policy, recorded there. */
export type Connection = {
  readonly distribution: Distribution
  /** Text of the policy, comments and all. */
  readonly policy: string
  /** https address of the ledger, with or without its path. */
  readonly url: string
  /** Added to the path: `/audit/<source>`. */
  readonly source?: string
  /** PEM of the authority that signed the ledger's certificate. */
  readonly ca: string
  readonly credential?: Credential
  readonly mode: Mode
  /** Events per second. */
  readonly rate: number
  readonly kubernetes: KubernetesVersion
  /** Talos: the policy in the older field, or as a document of its own. */
  readonly form?: "field" | "document"
}

/** `path` is the file of the person who asks; its text is needed only where it must be written into a configuration. */
export type GivenFile = { readonly path: string; readonly text: string }

export type Credential =
  | { readonly kind: "certificate"; readonly certificate: GivenFile; readonly key: GivenFile }
  | { readonly kind: "token"; readonly token: GivenFile }

/** One file to put somewhere. */
export type OutFile = {
  readonly name: string
  readonly text: string
  readonly mode: number
  /** Where it belongs on the control plane node; absent: it is for a tool, or for people. */
  readonly hostPath?: string
  /** Holds a credential. */
  readonly secret?: true
}

/** The same names wherever they are put. */
export const NAMES = {
  policy: "audit-policy.yaml",
  webhook: "audit-webhook.yaml",
  ca: "ca.crt",
  certificate: "client.crt",
  key: "client.key",
  token: "token",
} as const
