/** Follows a log into a journal until it is killed; says on standard output what has become durable. */
import { openTail } from "./tail-journal.ts"

const [folder = "", log = ""] = process.argv.slice(2)
const { tail, deliver } = await openTail(folder, log)
process.stdout.write("ready\n")
await tail.run(async (batch) => {
  const delivered = await deliver(batch)
  process.stdout.write(`delivered ${delivered.first + delivered.count}\n`)
  return delivered
}, new AbortController().signal)
