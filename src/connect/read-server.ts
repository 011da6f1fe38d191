import type { Place, YamlPath, YamlText } from "../base/yaml.ts"
import { embeddedText } from "./embedded.ts"
import type { FileFound } from "./file-finding.ts"
import type { ApiServer, Distribution, Flag, Mount } from "./server.ts"
import { isMap, type JsonMap, listAt, mapAt } from "./webhook-config.ts"

/** A kube-apiserver as a configuration describes it, and what is wrong with the description itself. */
export type ServerRead = { readonly server: ApiServer; readonly found: readonly FileFound[] }

/** Every kube-apiserver that a YAML document configures, in any of the forms that distributions have. */
export function readServers(yaml: YamlText, text: string): readonly ServerRead[] {
  const { value } = yaml
  if (Array.isArray(value)) return readJsonPatch(yaml)
  if (!isMap(value)) return []
  if (value.kind === "Cluster" && listAt(value, "nodes").length > 0) return readKind(yaml, text)
  if (value.kind === "ClusterConfiguration" || isKubeadmMap(value)) return [readKubeadm(yaml, "kubeadm")]
  if (Object.keys(mapAt(value, "cluster", "apiServer")).length > 0) return [readTalos(yaml)]
  if (Object.keys(value).some((key) => /^kube-apiserver-arg\+?$/.test(key))) return [readRancher(yaml)]
  return readPod(yaml)
}

function isKubeadmMap(value: unknown): boolean {
  return "extraArgs" in mapAt(value, "apiServer") && !("cluster" in mapAt(value))
}

/** Items that are maps, each with its place in the list. */
function mapsIn(items: readonly unknown[]): readonly { readonly map: JsonMap; readonly index: number }[] {
  return items.flatMap((map, index) => (isMap(map) ? [{ map, index }] : []))
}

type Parts = { readonly flags: readonly Flag[]; readonly mounts: readonly Mount[]; readonly place: Place }

function serverOf(distribution: Distribution, parts: Parts): ApiServer {
  return { distribution, ...parts, contained: distribution !== "k3s", files: new Map() }
}

/** `extraArgs` is a map (one value or a list each), or since v1beta4 a list of names and values. */
function argumentsAt(yaml: YamlText, path: YamlPath, args: unknown): readonly Flag[] {
  if (Array.isArray(args)) {
    return mapsIn(args).map(({ map: { name, value }, index }) => ({
      ...{ name: String(name), value: String(value ?? ""), place: yaml.placeOf([...path, index]) },
    }))
  }
  if (!isMap(args)) return []
  return Object.entries(args).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one: unknown) => ({
      ...{ name, value: String(one ?? ""), place: yaml.placeOf([...path, name]) },
    })),
  )
}

function volumesAt(yaml: YamlText, path: YamlPath, volumes: readonly unknown[]): readonly Mount[] {
  return mapsIn(volumes).map(({ map: volume, index }) => ({
    hostPath: String(volume.hostPath ?? ""),
    mountPath: String(volume.mountPath ?? ""),
    readOnly: volume.readOnly === true || volume.readonly === true,
    ...(typeof volume.pathType === "string" ? { type: volume.pathType } : {}),
    place: yaml.placeOf([...path, index]),
  }))
}

function readTalos(yaml: YamlText): ServerRead {
  const path = ["cluster", "apiServer"]
  const { extraArgs, extraVolumes } = mapAt(yaml.value, ...path)
  const server = serverOf("talos", {
    flags: argumentsAt(yaml, [...path, "extraArgs"], extraArgs),
    mounts: volumesAt(yaml, [...path, "extraVolumes"], Array.isArray(extraVolumes) ? extraVolumes : []),
    place: yaml.placeOf(path),
  })
  const files = new Map(
    listAt(yaml.value, "machine", "files")
      .filter(isMap)
      .map((file) => [
        String(file.path),
        { text: String(file.content ?? ""), mode: Number(file.permissions ?? 0) },
      ]),
  )
  return { server: { ...server, files }, found: [] }
}

function readKubeadm(yaml: YamlText, distribution: "kubeadm" | "kind"): ServerRead {
  const { extraArgs, extraVolumes } = mapAt(yaml.value, "apiServer")
  const server = serverOf(distribution, {
    flags: argumentsAt(yaml, ["apiServer", "extraArgs"], extraArgs),
    mounts: volumesAt(yaml, ["apiServer", "extraVolumes"], Array.isArray(extraVolumes) ? extraVolumes : []),
    place: yaml.placeOf(["apiServer"]),
  })
  return { server, found: [] }
}

/** Patches of kubeadm's configuration inside a cluster of kind. */
function readKind(yaml: YamlText, text: string): readonly ServerRead[] {
  return listAt(yaml.value, "nodes").flatMap((node, index) =>
    listAt(node, "kubeadmConfigPatches").flatMap((_, patch) => {
      const inner = embeddedText(yaml, ["nodes", index, "kubeadmConfigPatches", patch], text)
      return inner === undefined || !isKubeadmMap(inner.yaml.value) ? [] : [readKubeadm(inner.yaml, "kind")]
    }),
  )
}

/** k3s and RKE2: flags without dashes; `kube-apiserver-extra-mount` is host:container[:ro]. */
function readRancher(yaml: YamlText): ServerRead {
  const value = mapAt(yaml.value)
  const flags: Flag[] = []
  const mounts: Mount[] = []
  for (const [key, given] of Object.entries(value)) {
    const items: readonly unknown[] = Array.isArray(given) ? given : [given]
    for (const [index, item] of items.entries()) {
      const place = yaml.placeOf(Array.isArray(given) ? [key, index] : [key])
      const text = String(item)
      if (/^kube-apiserver-arg\+?$/.test(key)) flags.push(flagFrom(text, place))
      if (/^kube-apiserver-extra-mount\+?$/.test(key)) {
        const [hostPath = "", mountPath = hostPath, mode = ""] = text.split(":")
        mounts.push({ hostPath, mountPath, readOnly: mode === "ro", place })
      }
      if (key === "audit-policy-file") {
        flags.push({ name: key, value: text, place })
        mounts.push({ hostPath: text, mountPath: text, readOnly: true, type: "File", place }) // by RKE2 itself
      }
    }
  }
  const rke2 =
    "audit-policy-file" in value ||
    Object.keys(value).some((key) => key.startsWith("kube-apiserver-extra-mount"))
  return { server: serverOf(rke2 ? "rke2" : "k3s", { flags, mounts, place: yaml.placeOf([]) }), found: [] }
}

function flagFrom(text: string, place: Place): Flag {
  const [, name = "", value = "true"] = /^(?:--)?([^=]*)(?:=([\s\S]*))?$/.exec(text) ?? []
  return { name, value, place }
}

/** A static pod, or the part of one that somebody shows. */
function readPod(yaml: YamlText): readonly ServerRead[] {
  return listAt(yaml.value, "spec", "containers").flatMap((container, index): ServerRead[] => {
    const words = [...listAt(container, "command"), ...listAt(container, "args")].map(String)
    if (
      !words.some((word) => /(^|\/)kube-apiserver$/.test(word)) &&
      mapAt(container).name !== "kube-apiserver"
    )
      return []
    const at = ["spec", "containers", index]
    const flags = ["command", "args"].flatMap((key) =>
      listAt(container, key).flatMap((word, i) =>
        String(word).startsWith("--") ? [flagFrom(String(word), yaml.placeOf([...at, key, i]))] : [],
      ),
    )
    const { mounts, found } = mountsOf(yaml, container, at)
    return [{ server: serverOf("kubeadm", { flags, mounts, place: yaml.placeOf(at) }), found }]
  })
}

function mountsOf(
  yaml: YamlText,
  container: unknown,
  at: YamlPath,
): { mounts: readonly Mount[]; found: readonly FileFound[] } {
  const volumes = listAt(yaml.value, "spec", "volumes").filter(isMap)
  const found: FileFound[] = []
  const mounts = mapsIn(listAt(container, "volumeMounts")).flatMap(({ map: mount, index }): Mount[] => {
    const place = yaml.placeOf([...at, "volumeMounts", index])
    const volume = volumes.find(({ name }) => name === mount.name)
    if (volume === undefined) {
      found.push({
        ...{ rule: "mount-without-volume", severity: "error", place },
        message: `volumeMount ${JSON.stringify(mount.name)} names no volume of the pod`,
        fix: "a volume of that name, with its hostPath",
      })
      return []
    }
    const { path = "", type } = mapAt(volume, "hostPath")
    const kind = typeof type === "string" && type !== "" ? { type } : {}
    return [
      {
        hostPath: String(path),
        mountPath: String(mount.mountPath ?? ""),
        readOnly: mount.readOnly === true,
        ...kind,
        place,
      },
    ]
  })
  return { mounts, found }
}

/** kubeadm's patches of the static pod: RFC 6902, each adding one flag, mount or volume. */
function readJsonPatch(yaml: YamlText): readonly ServerRead[] {
  const steps = mapsIn(listAt(yaml.value)).map(({ map: step, index }) => ({
    step,
    place: yaml.placeOf([index]),
  }))
  const adds = (path: RegExp) => steps.filter(({ step }) => step.op === "add" && path.test(String(step.path)))
  const flags = adds(/^\/spec\/containers\/0\/command\//).map(({ step, place }) =>
    flagFrom(String(step.value), place),
  )
  if (flags.length === 0) return []
  const volumes = adds(/^\/spec\/volumes\//).map(({ step }) => mapAt(step.value))
  const mounts = adds(/^\/spec\/containers\/0\/volumeMounts\//).map(({ step, place }): Mount => {
    const { name, mountPath, readOnly } = mapAt(step.value)
    const { path = "", type } = mapAt(
      volumes.find((volume) => volume.name === name),
      "hostPath",
    )
    const kind = typeof type === "string" ? { type } : {}
    return {
      hostPath: String(path),
      mountPath: String(mountPath),
      readOnly: readOnly === true,
      ...kind,
      place,
    }
  })
  return [{ server: serverOf("kubeadm", { flags, mounts, place: yaml.placeOf([]) }), found: [] }]
}
