import { Refusal } from "../base/refusal.ts"
import { isSource, RESERVED } from "../event/record.ts"

/**
 * The source of a post: the credential's, narrowed by the path after `/audit`. A path can add to it, never leave it.
 *
 *     prod-1  +  ""                    → prod-1
 *     prod-1  +  apiserver-0           → prod-1/apiserver-0
 *     prod-1  +  prod-1/apiserver-0    → prod-1/apiserver-0   (said again: the same)
 */
export function narrowSource(own: string, path: string): string {
  if (path === "") return own
  const source = path === own || path.startsWith(`${own}/`) ? path : `${own}/${path}`
  return checkSource(path) && checkSource(source)
}

/** Returns a source that credentials, paths and files may name; refuses any other text. */
export function checkSource(text: string): string {
  if (text.split("/").includes(RESERVED)) {
    throw new Refusal("source.reserved", `a source cannot be named ${JSON.stringify(text.slice(0, 80))}`)
  }
  if (!isSource(text)) {
    throw new Refusal("source.malformed", `expected a source, saw ${JSON.stringify(text.slice(0, 80))}`)
  }
  return text
}
