import { assert, describe, it } from "@effect/vitest"
import { VideoTaskError } from "@video-tasks/core"
import * as ExitCode from "../src/internal/exitCode.ts"
import * as fixtures from "./utils/tasks.ts"

describe("exitCode", () => {
  it("has the code of the contract for every reason", () => {
    assert.deepStrictEqual(ExitCode.ofReason, {
      InvalidRequest: 2,
      PayloadTooLarge: 2,
      ModelUnavailable: 2,
      Unsupported: 2,
      ResumeIdentityChanged: 2,
      BudgetExceeded: 2,
      Unauthorized: 3,
      QuotaExceeded: 3,
      TaskNotFound: 4,
      TaskFailed: 5,
      TaskErrored: 6,
      TaskCancelled: 7,
      TaskExpired: 7,
      WaitTimedOut: 8,
      SubmissionAmbiguous: 9,
      ProviderUnavailable: 10,
      RateLimited: 10,
      UnexpectedResponse: 10,
      NotSent: 10,
      MissingResult: 11,
      DownloadFailed: 12,
      ResultExpired: 12,
      UnsafeAddress: 12,
      StoreError: 13
    })
  })

  it("knows every reason that an error can have", () => {
    const tags = VideoTaskError.Reason.members.map((member) => member.fields._tag.schema.literal)
    assert.deepStrictEqual(Object.keys(ExitCode.ofReason).sort(), [...tags].sort())
  })

  it.each([
    ["submitted", fixtures.submitted(), 0],
    ["in progress", fixtures.inProgress(), 0],
    ["success", fixtures.success(), 0],
    ["success without a video", fixtures.success({ videos: [] }), 11],
    ["failed", fixtures.failed(), 5],
    ["error", fixtures.errored(), 6],
    ["lost", fixtures.errored({ failure: fixtures.notFound }), 4],
    ["cancelled", fixtures.cancelled(), 7],
    ["expired", fixtures.expired(), 7]
  ])("gives a task that is %s its code", (_, task, expected) => {
    assert.strictEqual(ExitCode.ofTask(task), expected)
  })

  it.each([
    [[], 0],
    [[0], 0],
    [[0, 0], 0],
    [[5, 5], 5],
    [[0, 5], 14],
    [[5, 6], 14],
    [[8, 8, 8], 8]
  ])("combines %j to %d", (codes, expected) => {
    assert.strictEqual(ExitCode.combine(codes), expected)
  })

  it("explains every code that can come out", () => {
    const told = ExitCode.meanings.map(([code]) => code)
    for (const code of [0, 1, 14, 130, ...Object.values(ExitCode.ofReason)]) assert.include(told, code)
  })
})
