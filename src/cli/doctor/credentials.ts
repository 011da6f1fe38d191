import { CredentialTable } from "../../api/credentials.ts"
import { isRefusal, REFUSALS } from "../../base/refusal.ts"
import { readText } from "../read.ts"
import { bad, type Check, fine } from "./check.ts"

export const credentials: Check = {
  name: "credentials",
  about:
    "whether tokens and passwords are what the server takes: it does not start with a weak or missing one",
  async run({ config }) {
    const { length } = config.credentials
    if (length === 0) return []
    try {
      await CredentialTable.open(config.credentials, readText)
      return [fine(`${length} of ${length} have secrets that can be read and are long enough`)]
    } catch (error) {
      if (!isRefusal(error)) throw error
      return [bad(error.message, REFUSALS[error.code].hint)]
    }
  },
}
