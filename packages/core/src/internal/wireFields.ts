/**
 * Fields of wire schemas that forgive: a value of the wrong type is absent and never fails the whole body.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Json from "./wireJson.ts"

/** `read` gives what `to` takes, or `undefined`: the schema behind it never sees anything else. */
const sloppy = <To extends Schema.Constraint>(to: To, read: (value: unknown) => unknown) =>
  Schema.optionalKey(Schema.Unknown.pipe(Schema.decodeTo(
    Schema.UndefinedOr(to),
    SchemaTransformation.transform({
      decode: (value) => read(value) as To["Encoded"] | undefined,
      encode: (value: To["Encoded"] | undefined): unknown => value
    })
  )))

/** A string that says something. @internal */
export const Text = sloppy(Schema.String, Json.text)

/** A short string to be shown. @internal */
export const Label = sloppy(Schema.String, Json.label)

/** A word, or a number that stands for one. @internal */
export const Word = sloppy(Schema.String, Json.word)

/** A number, or one in a string. @internal */
export const Number = sloppy(Schema.Finite, Json.number)

/** A number of at least zero, or one in a string. @internal */
export const Amount = sloppy(Schema.Finite, Json.amount)

/** True or false, or one of them in a string. @internal */
export const Flag = sloppy(Schema.Boolean, Json.flag)

/** A span in seconds, read as ms. @internal */
export const Seconds = sloppy(Schema.Finite, Json.seconds)

/** 0 to 100, also as `"45%"`; values outside are clamped. @internal */
export const Percent = sloppy(Schema.Finite, Json.percent)

/** A time in s, ms, or ISO 8601, read as ms since the epoch; 0 is absent. @internal */
export const Time = sloppy(Schema.Finite, Json.time)

/** An absolute http(s) URL. @internal */
export const Link = sloppy(Schema.String, Json.httpUrl)

/** An absolute http(s) URL, bare or as the `url` of an object. @internal */
export const Address = sloppy(
  Schema.String,
  (value) => Json.httpUrl(Json.isObject(value) ? value["url"] : value)
)

/** Anything, to be looked at only when it is needed. @internal */
export const Any = Schema.optionalKey(Schema.Unknown)

/** An object with such fields. @internal */
export const object = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  sloppy(Schema.Struct(fields), (value) => Json.isObject(value) ? value : undefined)

/** A list of objects with such fields. A single one and a bare link are lists of one. @internal */
export const listOf = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  sloppy(Schema.Array(Schema.Struct(fields)), (value) => {
    if (value === undefined || value === null) return undefined
    return (Array.isArray(value) ? value : [value])
      .map((item) => typeof item === "string" ? { url: item } : item)
      .filter(Json.isObject)
  })

/** A list of strings; what is none is left out. @internal */
export const Texts = sloppy(
  Schema.Array(Schema.String),
  (value) => Array.isArray(value) ? value.flatMap((item) => Json.label(item) ?? []) : undefined
)
