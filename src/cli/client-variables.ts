/** What the environment says to commands that ask a server, and is no option of the server's own configuration. */
export const SERVER_VARIABLE = "TALLYSTICK_SERVER"
export const TOKEN_VARIABLE = "TALLYSTICK_TOKEN_FILE"
export const CA_VARIABLE = "TALLYSTICK_CA"

export const CLIENT_VARIABLES: readonly string[] = [SERVER_VARIABLE, TOKEN_VARIABLE, CA_VARIABLE]
