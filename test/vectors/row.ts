/** One published case. Fails by throwing; `skip` says why it does not apply to us. */
export type VectorCase = {
  readonly name: string
  readonly run: () => void | Promise<void>
  readonly skip?: string
}

/** A file of the vectors. */
export type VectorFile = {
  /** Below the folder of vectors, with slashes. */
  readonly path: string
  readonly bytes: Uint8Array
  /** Another file of the same folder of vectors. */
  readonly read: (path: string) => Uint8Array
}

export type VectorRow = {
  readonly pattern: RegExp
  /** What the file's cases are counted under, where many files hold one case each. */
  readonly title?: string
} & (
  | { readonly cases: (file: VectorFile) => readonly VectorCase[] }
  /** Why nobody runs it. */
  | { readonly outside: string }
)

/** The JSON in a file; the row that reads it knows its shape. */
export function json<Shape>({ bytes }: Pick<VectorFile, "bytes">): Shape {
  return JSON.parse(new TextDecoder().decode(bytes)) as Shape
}
