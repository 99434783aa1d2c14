/**
 * Keeps the account's secrets out of every text that comes from elsewhere.
 */

/** A shorter key is no secret, and its letters occur in ordinary words. */
const minLength = 6

/** A key; or all that a token is made with, and the token. */
export type Secrets = ReadonlyArray<string>

/** Takes secrets out of a text. */
export const hide = (text: string, secrets: Secrets): string =>
  secrets.reduce((hidden, secret) => secret.length < minLength ? hidden : hidden.replaceAll(secret, "<redacted>"), text)
