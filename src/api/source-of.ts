import type { FastifyRequest } from "fastify"
import { assert } from "../base/assert.ts"
import { checkSource, narrowSource } from "../intake/narrow.ts"

/**
 * Where a request's events are filed: the credential's source, narrowed by `path`. While there are no credentials
 * (`isOpen`), a path does not narrow a source: it is the source. Refuses `source.malformed` and `source.reserved`.
 */
export function sourceOf(
  { credential }: Pick<FastifyRequest, "credential">,
  path: string,
  isOpen: boolean,
): string {
  if (isOpen && path !== "") return checkSource(path)
  const { source } = credential
  assert(source !== undefined, "who may write has a source")
  return narrowSource(source, path)
}
