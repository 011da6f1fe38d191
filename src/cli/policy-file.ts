import { resolve } from "node:path"
import { text as textOf } from "node:stream/consumers"
import { Refusal } from "../base/refusal.ts"
import { type PolicyRead, readPolicyFile } from "../connect/read-policy.ts"
import type { KubernetesVersion } from "../policy/validate.ts"
import { NEWEST } from "../policy/validate.ts"
import type { Option, Options, World } from "./command.ts"
import { readText } from "./read.ts"

/** What commands about policies share: how a policy and a release of Kubernetes are named. */
export const KUBERNETES_FLAG: Option = {
  flags: "--kubernetes <version>",
  description: `release that will read the policy, like 1.34 (default: the newest known, 1.${NEWEST.minor})`,
}

/** What the server runs with: of it the audit flags count, and the file's hash. */
export const FLAGS_FLAG: Option = {
  flags: "--flags <file>",
  description:
    "what configures kube-apiserver (static pod, machine configuration, …), or its flags, one a line, as /flagz prints them",
}

export const POLICY_ARGUMENT = {
  name: "file",
  description: "policy (audit.k8s.io/v1), or a YAML file that holds one; - for standard input",
}

export async function readPolicyText(path: string, world: World): Promise<string> {
  return path === "-" ? await textOf(world.stdin) : await readText(resolve(world.cwd, path))
}

/** Refuses as {@link readPolicyFile}, and what cannot be read. */
export async function readPolicyOf(path: string, options: Options, world: World): Promise<PolicyRead> {
  return readPolicyFile(await readPolicyText(path, world), kubernetesOf(options), path)
}

/** Refuses `usage` for anything but 1.x or v1.x.y. */
export function kubernetesOf({ kubernetes }: Options): KubernetesVersion {
  if (kubernetes === undefined) return NEWEST
  const [, minor] = /^v?1\.(\d{1,3})(?:\.\d+)?$/.exec(String(kubernetes)) ?? []
  if (minor === undefined) {
    throw new Refusal("usage", `expected --kubernetes like 1.34, saw ${JSON.stringify(kubernetes)}`)
  }
  return { minor: Number(minor) }
}
