import type { Place } from "../base/yaml.ts"

/** One `--name=value` of kube-apiserver, wherever it was written. */
export type Flag = { readonly name: string; readonly value: string; readonly place: Place }

/** A path of the host that kube-apiserver sees inside its container. */
export type Mount = {
  readonly hostPath: string
  readonly mountPath: string
  readonly readOnly: boolean
  /** `File` and `Directory` must exist before; absent: nothing is checked. */
  readonly type?: string
  readonly place: Place
}

export const DISTRIBUTIONS = ["kubeadm", "talos", "k3s", "rke2", "kind"] as const
export type Distribution = (typeof DISTRIBUTIONS)[number]

/** What decides whether and how a kube-apiserver audits: the same for what is read and for what is written. */
export type ApiServer = {
  readonly distribution: Distribution
  readonly flags: readonly Flag[]
  readonly mounts: readonly Mount[]
  /** k3s runs it as part of one process: it sees the host's files, and needs no mounts. */
  readonly contained: boolean
  /** Files of the host that are known, by their path on the host. */
  readonly files: ReadonlyMap<string, HostFile>
  /** Where it begins in the file that was read. */
  readonly place: Place
}

export type HostFile = { readonly text: string; readonly mode: number }

/** The last one wins, as with every flag that takes one value. */
export function flagOf(server: ApiServer, name: string): Flag | undefined {
  return server.flags.findLast((flag) => flag.name === name)
}

/** The mount that holds the path, the deepest where several do. */
export function mountOf(server: ApiServer, path: string): Mount | undefined {
  return [...ownMounts(server.distribution), ...server.mounts]
    .filter(({ mountPath }) => isBelow(path, mountPath))
    .sort((a, b) => b.mountPath.length - a.mountPath.length)[0]
}

/** The host's file that stands at the path inside the container, where it is known. */
export function fileAt(server: ApiServer, path: string): HostFile | undefined {
  if (!server.contained) return server.files.get(path)
  const mount = mountOf(server, path)
  return mount === undefined
    ? undefined
    : server.files.get(`${mount.hostPath}${path.slice(mount.mountPath.length)}`)
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`)
}

const NOWHERE: Place = { line: 1, column: 1 }

/** What the distribution mounts by itself. */
function ownMounts(distribution: Distribution): readonly Mount[] {
  return OWN_MOUNTS[distribution].map(([path, readOnly]) => ({
    ...{ hostPath: path, mountPath: path, readOnly, place: NOWHERE },
  }))
}

/** Talos renders its policy beside its other secrets, and mounts one folder to write to (its static pod controller). */
const OWN_MOUNTS: Readonly<Record<Distribution, readonly (readonly [path: string, readOnly: boolean])[]>> = {
  kubeadm: [
    ["/etc/kubernetes/pki", true],
    ["/etc/ssl/certs", true],
    ["/etc/ca-certificates", true],
  ],
  kind: [
    ["/etc/kubernetes/pki", true],
    ["/etc/ssl/certs", true],
    ["/etc/ca-certificates", true],
  ],
  talos: [
    ["/system/secrets/kubernetes/kube-apiserver", true],
    ["/system/config/kubernetes/kube-apiserver", true],
    ["/var/log/audit/kube", false],
  ],
  k3s: [],
  rke2: [
    ["/var/lib/rancher/rke2/server", false],
    ["/etc/ssl/certs", true],
  ],
}
