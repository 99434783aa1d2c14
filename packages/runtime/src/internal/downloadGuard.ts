/**
 * How a download asks the transport for the guard of addresses, and how the transport refuses.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"

/** Which addresses the transport may connect to. */
export const AddressGuard = Context.Reference<"any" | "public">("@video-tasks/runtime/Download/AddressGuard", {
  defaultValue: () => "any"
})

/** A transport refused to connect to an address. */
export class AddressRefused extends Data.TaggedError("AddressRefused")<{
  readonly host: string
  readonly address: string
  readonly range: string
}> {
  override get message(): string {
    return `${this.host} resolves to ${this.address}, ${this.range}`
  }
}
