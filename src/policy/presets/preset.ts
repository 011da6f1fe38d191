/** A policy to start from. Lint finds nothing in it, and it covers the list of protected resources. */
export type Preset = {
  readonly name: string
  readonly summary: string
  /** YAML with comments, as it is put beside kube-apiserver. */
  readonly text: string
}
