import type { CredentialTable } from "../api/credentials.ts"

/** Sources that have their place whoever else comes; a reload may change the credentials. */
export function ownersOf(credentials: CredentialTable, followed: readonly string[]): () => readonly string[] {
  let seen = credentials.sources
  let owners = [...seen, ...followed]
  return () => {
    if (credentials.sources !== seen) {
      seen = credentials.sources
      owners = [...seen, ...followed]
    }
    return owners
  }
}
