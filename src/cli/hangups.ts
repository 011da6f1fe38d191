import type { World } from "./command.ts"

/** Has a hangup answered from now on, also one that came while it started. */
export type OnHangup = (answer: () => void) => void

/** From the first moment, as main.ts is: the system ends a process that is not prepared for a hangup, and a start may take minutes. */
export function hangupsOf(world: World): OnHangup {
  let waits = false
  let answer = (): void => {
    waits = true
  }
  world.onHangup(() => answer())
  return (given) => {
    answer = given
    if (waits) given()
  }
}
