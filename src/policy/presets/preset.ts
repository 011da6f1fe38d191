/** A policy to start from. Lint finds nothing in it, and it covers the list of protected resources; `asWritten` ones apart. */
export type Preset = {
  readonly name: string
  readonly summary: string
  /** Kept with its faults, to see what lint says of it: not to be put in force. */
  readonly asWritten?: true
  /** YAML with comments, as it is put beside kube-apiserver. */
  readonly text: string
}
