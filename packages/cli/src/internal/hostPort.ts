/**
 * Where to listen, as people write it: `HOST:PORT`, `[::1]:PORT`, or a port alone.
 */

/** An address. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/** What is allowed, in words. */
export const allowed = "HOST:PORT, or a port from 0 to 65535"

/** Reads an address; a port alone is one of this machine. `undefined` when it is none. */
export const parse = (text: string): HostPort | undefined => {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:\s]+)):)?(\d{1,5})$/.exec(text.trim()) ?? []
  const port = Number(digits)
  if (digits === undefined || port > 65_535) return undefined
  return { host: bracketed ?? plain ?? "127.0.0.1", port }
}

/** The address as it is written. */
export const format = ({ host, port }: HostPort): string => `${host.includes(":") ? `[${host}]` : host}:${port}`

/** Whether it is every address of a machine: others can't be told to come there. */
export const isEverywhere = ({ host }: HostPort): boolean => host === "0.0.0.0" || host === "::"

/** Whether a host, as it stands in an address or a URL, is this machine alone. */
export const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host)
