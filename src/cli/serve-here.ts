import { EXIT, type ExitCode, type World } from "./command.ts"
import type { ConfigType } from "./config.ts"
import { openLog } from "./log.ts"

type Here = {
  readonly config: ConfigType
  /** Reads the configuration again, for SIGHUP. */
  readonly load: () => Promise<ConfigType>
  /** What to print when all addresses listen. */
  readonly announce: (urls: readonly string[]) => string
}

/** Serves with the log on standard error until a signal asks to stop. The server's modules are read here only: no other command waits for them. */
export async function serveHere({ config, load, announce }: Here, world: World): Promise<ExitCode> {
  const { serve } = await import("./serve.ts")
  const log = openLog({
    level: config.log.level,
    terminal: world.stderr,
    env: world.env,
    clock: world.clock,
  })
  await serve({ config, load, world, log, announce: (urls) => world.stdout.write(announce(urls)) })
  return EXIT.fine
}
