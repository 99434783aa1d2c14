import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { type RpcClient, type RpcMessage, RpcSerialization } from "effect/rpc"
import { TestClock } from "effect/testing"
import * as MemberProtocol from "../src/internal/memberProtocol.ts"

const protocol = (send: RpcClient.Protocol["Service"]["send"]): RpcClient.Protocol["Service"] =>
  MemberProtocol.leaving({
    run: () => Effect.never,
    send,
    supportsAck: true,
    supportsTransferables: false,
    codecFor: RpcSerialization.json.codecFor
  })

const interrupt: RpcMessage.FromClientEncoded = { _tag: "Interrupt", requestId: "1" }

describe("a request to another member", () => {
  it.effect("is left after half a second, although there is no connection to call it off by", () =>
    Effect.gen(function*() {
      const { send } = protocol(() => Effect.uninterruptible(Effect.never))
      const leaving = yield* Effect.forkChild(Effect.uninterruptible(send(0, interrupt)), { startImmediately: true })
      yield* TestClock.adjust(499)
      assert.isUndefined(leaving.pollUnsafe())
      yield* TestClock.adjust(1)
      yield* Fiber.join(leaving)
    }))

  it.effect("is called off where there is one, and everything else waits for it", () =>
    Effect.gen(function*() {
      const sent: Array<string> = []
      const { send } = protocol((_, { _tag }) => Effect.delay(Effect.sync(() => void sent.push(_tag)), 400))
      const all = yield* Effect.forkChild(Effect.andThen(send(0, interrupt), send(0, { _tag: "Ping" })))
      yield* TestClock.adjust(400)
      assert.deepStrictEqual(sent, ["Interrupt"])
      yield* TestClock.adjust(400)
      yield* Fiber.join(all)
      assert.deepStrictEqual(sent, ["Interrupt", "Ping"])
    }))
})
