import type { Api } from "../Script.ts"
import type { Answer } from "./answer.ts"
import * as ark from "./arkWords.ts"
import type { Context } from "./context.ts"
import * as klingWords from "./klingWords.ts"
import * as openai from "./openaiWords.ts"
import * as runway from "./runwayWords.ts"
import * as xai from "./xaiWords.ts"

/** @internal How a vendor words its errors. What is left out is said with `error`. */
export interface Words {
  /** The body of an error that is not about one field. */
  readonly error: (
    error: { readonly status: number; readonly message: string; readonly code: string },
    context: Context
  ) => unknown
  readonly unauthorized?: (context: Context) => Answer
  readonly quotaExceeded?: (context: Context) => Answer
  readonly modelNotFound?: (context: Context, model: string) => Answer
  readonly tooMany?: (context: Context) => Answer
  readonly unknownTask?: (context: Context) => Answer
}

/** @internal */
export const vendorWords: Readonly<Partial<Record<Api, Words>>> = {
  ark: ark.words,
  kling: klingWords.words,
  openai: openai.words,
  runway: runway.words,
  xai: xai.words
}
