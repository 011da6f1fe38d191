import type { Micros } from "../../base/time.ts"
import type { ConfigType } from "../config.ts"
import type { JournalTail } from "./journal-tail.ts"

/** How something is: `unknown` where it could not be looked at. Only `bad` and `unknown` change the exit code. */
export type State = "fine" | "warning" | "bad" | "unknown"

/** What a check saw, and what to do where that is not fine. */
export type Symptom = { readonly state: State; readonly saw: string; readonly fix?: string }

/** What is examined. Everything a check needs of the world beside files and sockets, so that tests can bring their own. */
export type Patient = {
  readonly config: ConfigType
  /** File of the log key. */
  readonly keyFile: string
  /** Where the server should answer. */
  readonly server: URL
  /** `--server` was given: it may be another machine, with a clock of its own. */
  readonly serverGiven: boolean
  /** PEM of the authorities that should be behind its certificate, where somebody says which. */
  readonly ca: string | undefined
  readonly now: Micros
  /** A clock that never steps, in ms from any zero. */
  readonly steadyMs: () => number
  readonly statfs: (path: string) => Promise<FileSystem>
  /** A source that is silent for so long is reported. */
  readonly silentMinutes: number
  /** Read once, used by several checks. */
  readonly tail: () => Promise<JournalTail>
  /** Of each source, when its newest event came, as far back as `silentMinutes`; slower than `tail`, and reaches further. */
  readonly searchEvents: () => Promise<ReadonlyMap<string, Micros>>
}

/** The numbers of statfs(2) that matter here. */
export type FileSystem = {
  readonly blocks: number
  readonly bfree: number
  readonly bavail: number
  readonly bsize: number
  readonly files: number
  readonly ffree: number
}

/** A file in this folder and a line in index.ts. */
export interface Check {
  readonly name: string
  /** What it looks at, for docs. */
  readonly about: string
  /** Everything it found; `fine` ones too, so that a person sees what was looked at. Empty: does not apply here. */
  run(patient: Patient): Promise<readonly Symptom[]>
}

export const fine = (saw: string): Symptom => ({ state: "fine", saw })
export const warning = (saw: string, fix: string): Symptom => ({ state: "warning", saw, fix })
export const bad = (saw: string, fix: string): Symptom => ({ state: "bad", saw, fix })
export const unknown = (saw: string, fix: string): Symptom => ({ state: "unknown", saw, fix })
