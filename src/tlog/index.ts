/**
 * The transparency log: Merkle trees (RFC 6962, RFC 9162), tiles, signed notes, checkpoints, cosignatures and proofs as
 * C2SP writes them, and the ledger's own record hashes, block texts and receipts (docs/FORMAT.md). Pure and synchronous:
 * no files, no clock, no randomness; runs in a browser too, where it checks and does not sign.
 *
 * `verifyX` throws a Refusal or is silent. `parseX` refuses any text that `formatX` would not have written. Hashes are
 * 32 bytes as Uint8Array. Indexes and sizes are numbers up to 2^53-1; larger ones are refused, never rounded.
 * Keys are given as text (`<name>+<id>+<base64>`) or as parseVerifierKey returns them.
 *
 *     treeRoot(leafHashes)                                            → root
 *     proveInclusion(index, leafHashes)                               → proof, nearest hash first
 *     verifyInclusion({ index, size, leafHash, proof, root })         throws proof.refuted
 *     proveConsistency(olderSize, leafHashes)                         → proof
 *     verifyConsistency({ older: { size, root }, newer: { size, root }, proof })   throws proof.refuted
 *     parseNote(text)                                                 → { text, signatures }, nothing checked
 *     openNote(text, [key])          → { text, verified, unverified } throws note.unsigned, note.refuted, key.ambiguous
 *     parseCheckpoint(text)                                           → { origin, size, root[, extensions] }
 *     openCheckpoint(text, [key])                                     → both, and who signed and cosigned
 *     tilePath(level | "entries", index, width = 256)                 → "tile/0/x001/x234/067.p/89"
 *     parseTilePath(path)                                             → { level, index, width }
 *     recordHash(recordText)                                          → SHA-256(0x00 ‖ text ‖ LF)
 *     verifyReceipt(text, [key])                                      → what it proves
 *
 * Growing a log: appendToEdge. Proofs out of tiles: proveInclusionFromTiles. Sealing records:
 * blockSalts, sealRecords, treeRoot, formatBlock, blockLeafHash.
 */
export { type Block, blockLeafHash, formatBlock, NO_BLOCK, parseBlock, verifyBlockFollows } from "./block.ts"
export { decodeBundle, ENTRY_BYTES_MAX, encodeBundle } from "./bundle.ts"
export {
  type Checkpoint,
  formatCheckpoint,
  type OpenedCheckpoint,
  openCheckpoint,
  parseCheckpoint,
} from "./checkpoint.ts"
export { type ConsistencyClaim, proveConsistency, type TreeHead, verifyConsistency } from "./consistency.ts"
export { cosign, cosignedMessage, formatCosignature, parseCosignature } from "./cosignature.ts"
export { type InclusionClaim, proveInclusion, verifyInclusion, verifySubtreeInclusion } from "./inclusion.ts"
export { EMPTY_ROOT, HASH_BYTES, type Hash, leafHash, nodeHash, treeRoot } from "./merkle.ts"
export {
  formatNote,
  type Note,
  type OpenedNote,
  openNote,
  parseNote,
  signNote,
  type VerifiedSignature,
} from "./note.ts"
export { isKeyName, isOrigin } from "./note-text.ts"
export { formatTlogProof, parseTlogProof, type TlogProof } from "./proof-file.ts"
export { formatReceipt, type GivenBody, parseReceipt, type Receipt } from "./receipt.ts"
export {
  BUNDLE_RECEIPTS_MAX,
  type BundleHead,
  formatBundled,
  formatBundleHead,
  isBundle,
} from "./receipt-bundle.ts"
export { type BundleCheck, type JudgedReceipt, openBundleCheck } from "./receipt-bundle-check.ts"
export { type ReceiptFacts, verifyReceipt } from "./receipt-check.ts"
export {
  blockSalts,
  recordDigest,
  recordHash,
  SALT_BYTES,
  SEED_BYTES,
  type SealedRecords,
  saltAt,
  sealRecords,
} from "./record-hash.ts"
export { formatSignatureLine, type NoteSignature, parseSignatureLine } from "./signature-line.ts"
export { formatSignerKey, openSigner, parseSignerKey, type Signer, type SignerKey } from "./signer.ts"
export {
  parseTilePath,
  partialWidth,
  splitTile,
  TILE_WIDTH,
  type Tile,
  tileOfEntry,
  tileOfNode,
  tilePath,
  tilesOf,
  tileWidth,
} from "./tile.ts"
export {
  appendToEdge,
  EMPTY_EDGE,
  edgeRoot,
  edgeTiles,
  type FullTile,
  readEdge,
  type TileEdge,
  tilesForEdge,
} from "./tile-edge.ts"
export {
  proveConsistencyFromTiles,
  proveInclusionFromTiles,
  type ReadTile,
  rootFromTiles,
} from "./tile-proof.ts"
export {
  formatVerifierKey,
  type KeyKind,
  keyIdOf,
  parseVerifierKey,
  type VerifierKey,
} from "./verifier-key.ts"
