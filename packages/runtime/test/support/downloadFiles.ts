import { ByteSize, Effect, FileSystem, type Layer, Option, PlatformError } from "effect"

/** A file system in memory with the directory `/out`, in which others can be made, as far as downloads need it. */
export const memoryFiles = (options: {
  /** Refuses hard links, as FAT does. */
  readonly noLinks?: boolean
  /** Fails writes beyond so many bytes. */
  readonly room?: number
} = {}) => {
  const files = new Map<string, Uint8Array>()
  const fail = (tag: PlatformError.SystemErrorTag, method: string, path: string) =>
    PlatformError.systemError({ _tag: tag, module: "FileSystem", method, pathOrDescriptor: path })
  const need = (method: string, path: string) =>
    Effect.suspend(() => {
      const content = files.get(path)
      return content === undefined ? Effect.fail(fail("NotFound", method, path)) : Effect.succeed(content)
    })
  const file = (path: string): FileSystem.File => {
    let position = 0
    const unused = Effect.die("not used by downloads")
    return {
      [FileSystem.FileTypeId]: FileSystem.FileTypeId,
      stat: unused,
      sync: Effect.void,
      read: () => unused,
      readAlloc: () => unused,
      write: () => unused,
      seek: (offset) => Effect.sync(() => BigInt(position = Number(offset))),
      truncate: (length = 0) =>
        Effect.map(need("truncate", path), (content) => void files.set(path, content.slice(0, length))),
      writeAll: (bytes) =>
        Effect.flatMap(need("write", path), (content) => {
          const end = position + bytes.length
          if (end > (options.room ?? Number.POSITIVE_INFINITY)) return Effect.fail(fail("Unknown", "write", path))
          const next = new Uint8Array(Math.max(content.length, end))
          next.set(content)
          next.set(bytes, position)
          position = end
          files.set(path, next)
          return Effect.void
        })
    }
  }
  const directories = new Set(["/out"])
  const layer: Layer.Layer<FileSystem.FileSystem> = FileSystem.layerNoop({
    makeDirectory: (path) =>
      path.startsWith("/out/")
        ? Effect.sync(() => void directories.add(path))
        : Effect.fail(fail("PermissionDenied", "makeDirectory", path)),
    stat: (path) =>
      directories.has(path) ? Effect.succeed(info("Directory")) : Effect.as(need("stat", path), info("File")),
    exists: (path) => Effect.sync(() => files.has(path)),
    open: (path) =>
      Effect.suspend(() => {
        if (files.has(path)) return Effect.fail(fail("AlreadyExists", "open", path))
        files.set(path, new Uint8Array())
        return Effect.succeed(file(path))
      }),
    remove: (path) => Effect.sync(() => void files.delete(path)),
    rename: (from, to) =>
      Effect.map(need("rename", from), (content) => {
        files.delete(from)
        files.set(to, content)
      }),
    link: (from, to) =>
      Effect.flatMap(need("link", from), (content) => {
        if (options.noLinks === true) return Effect.fail(fail("PermissionDenied", "link", from))
        if (files.has(to)) return Effect.fail(fail("AlreadyExists", "link", to))
        files.set(to, content)
        return Effect.void
      })
  })
  return { directories, files, layer }
}

const info = (type: FileSystem.File.Type): FileSystem.File.Info => ({
  type,
  mtime: Option.none(),
  atime: Option.none(),
  birthtime: Option.none(),
  dev: 0n,
  ino: Option.none(),
  mode: 0o644,
  nlink: Option.none(),
  uid: Option.none(),
  gid: Option.none(),
  rdev: Option.none(),
  size: ByteSize.bytes(0),
  blksize: Option.none(),
  blocks: Option.none()
})
