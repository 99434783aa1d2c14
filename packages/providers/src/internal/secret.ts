/**
 * Keeps the account's key out of every text that comes from elsewhere.
 */

/** A shorter key is no secret, and its letters occur in ordinary words. */
const minLength = 6

/** Takes a secret out of a text. */
export const hide = (text: string, secret: string): string =>
  secret.length < minLength ? text : text.replaceAll(secret, "<redacted>")
