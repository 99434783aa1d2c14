/**
 * Fetches the file of a finished task.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Address from "./internal/downloadAddress.ts"

/**
 * Which addresses the transport may connect to: `any`, or `public` ones only, judged by the address that the name
 * resolved to.
 *
 * **Details**
 *
 * A download sets it for each of its requests. Only a transport that opens its own connections can obey
 * (`NodeHttp.layer` does); with others the check of the literal address on each hop remains. A transport that refuses
 * fails with {@link AddressRefused} in the chain of causes.
 *
 * @category services
 * @since 0.1.0
 */
export const AddressGuard = Context.Reference<"any" | "public">("@video-tasks/runtime/Download/AddressGuard", {
  defaultValue: () => "any"
})

/**
 * A transport refused to connect to an address.
 *
 * @category errors
 * @since 0.1.0
 */
export class AddressRefused extends Data.TaggedError("AddressRefused")<{
  /** The host that was asked for. */
  readonly host: string
  /** The address that it resolved to. */
  readonly address: string
  /** What the address is, for example `a loopback address`. */
  readonly range: string
}> {
  override get message(): string {
    return `${this.host} resolves to ${this.address}, ${this.range}`
  }
}

/**
 * Names the range of a literal IPv4 or IPv6 address that is not public, for example `a loopback address`; `undefined`
 * for a public one.
 *
 * **Example** (Public and not)
 *
 * ```ts import.meta.vitest
 * import { Download } from "@video-tasks/runtime"
 *
 * Download.refusedRange("169.254.169.254") // => "a link-local or metadata address"
 * Download.refusedRange("::ffff:10.0.0.1") // => "a private address"
 * Download.refusedRange("8.8.8.8") // => undefined
 * ```
 *
 * @category predicates
 * @since 0.1.0
 */
export const refusedRange: (address: string) => string | undefined = Address.refusedRange
