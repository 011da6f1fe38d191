import { nearest } from "../base/nearest.ts"
import { FIELDS } from "../event/fields.ts"
import { fieldsOf } from "../query/fieldset.ts"
import type { Query } from "../query/tree.ts"
import type { Answer } from "./answer.ts"
import type { World } from "./command.ts"
import { FIELD_WORDS } from "./field-words.ts"
import { escapeText } from "./terminal.ts"

/** What stands inside these is named by clients and administrators: any name may be right. */
const OPEN = /^(requestObject|responseObject|annotations|user\.extra|impersonatedUser\.extra)(\.|$)/
const OWN = ["_stream_id", "raw", "lateBy"]

/** What `stats` makes of no records at all. */
const NOTHING = new Set(["", "0", "NaN", "[]"])

/**
 * The answer, and where nothing was found, a word about fields that no audit event has: `user:=alice` can be asked (a line of
 * another log may have such a field), but whoever asks it mostly means user.username, and "no rows" or a count of 0 would mislead.
 */
export async function* withFieldHint(answer: Answer, query: Query, world: World): Answer {
  let found = false
  for await (const row of answer) {
    found ||= Object.values(row).some((value) => !NOTHING.has(value))
    yield row
  }
  if (!found) hintAtFields(query, world)
}

/** The word itself, for those who see in another way that there are no rows. */
export function hintAtFields(query: Query, world: World): void {
  for (const field of strangeFields(query)) {
    const meant = meantBy(field)
    world.stderr.write(
      `audit events have no field ${escapeText(JSON.stringify(field))}${meant === undefined ? "; tallystick fields lists those there are" : `; did you mean ${meant}?`}\n`,
    )
  }
}

/** Fields of the query's filter that are in no catalogue and inside of nothing that is open. */
export function strangeFields(query: Query): readonly string[] {
  const known = new Set([...FIELDS.map(({ name }) => name), ...OWN])
  return [...new Set(fieldsOf(query.filter))].filter(
    (field) => field !== "" && field !== "*" && !known.has(field) && !OPEN.test(field),
  )
}

function meantBy(field: string): string | undefined {
  if (Object.hasOwn(FIELD_WORDS, field)) return FIELD_WORDS[field]
  const names = FIELDS.map(({ name }) => name)
  const last = field.split(".").at(-1) ?? field
  return names.find((name) => name.endsWith(`.${last}`)) ?? nearest(field, names)
}
