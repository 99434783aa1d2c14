/**
 * Which archive the words of people mean. Loaded with the options: it opens nothing.
 */

/** Where files are kept. */
export type Choice =
  | { readonly _tag: "none" }
  | { readonly _tag: "folder"; readonly path: string }
  | {
    readonly _tag: "bucket"
    readonly bucket: string
    /** Empty, or with a slash at its end. */
    readonly prefix: string
  }

/** What is allowed, in words. */
export const allowed = "a folder, s3://bucket or s3://bucket/prefix, or none"

/** Reads a choice; `undefined` when it is an address of something that is no archive. */
export const parse = (text: string): Choice | undefined => {
  const said = text.trim()
  if (said === "none") return { _tag: "none" }
  const [, bucket, rest = ""] = /^s3:\/\/([a-z0-9][\w.-]{1,254})(\/[^?#\p{Cc}]*)?$/iu.exec(said) ?? []
  if (bucket !== undefined) {
    const segments = rest.split("/").filter((segment) => segment !== "")
    // An address would climb out of the bucket with them.
    if (segments.some((segment) => /^\.\.?$/.test(segment))) return undefined
    return { _tag: "bucket", bucket, prefix: segments.map((segment) => `${segment}/`).join("") }
  }
  // One letter is a drive of Windows.
  return said === "" || /^[a-z][a-z0-9+.-]+:/i.test(said) ? undefined : { _tag: "folder", path: said }
}

/** A choice as it is typed; nothing in it is secret. */
export const format = (choice: Choice): string => {
  switch (choice._tag) {
    case "none":
      return "none"
    case "folder":
      return choice.path
    case "bucket":
      return `s3://${choice.bucket}/${choice.prefix}`
  }
}
