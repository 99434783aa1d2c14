/**
 * The part of S3's wire that an archive needs, on a port: requests are refused unless their signature is right, computed
 * here from AWS's description ("Signature Calculations for the Authorization Header", "Multipart Upload Overview").
 */
import { Effect, type Scope } from "effect"
import { createHash, createHmac, randomUUID } from "node:crypto"
import type * as Http from "node:http"
import * as Sockets from "./sockets.ts"

export const credentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
}

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex")

const hmac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest()

const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

/** The signature that a request ought to have. */
export const signatureOf = (request: {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly signedHeaders: ReadonlyArray<string>
  readonly region: string
  readonly secretAccessKey: string
}): string => {
  const date = request.headers["x-amz-date"] ?? ""
  const canonical = [
    request.method,
    request.path.split("/").map((segment) => escaped(decodeURIComponent(segment))).join("/"),
    [...request.query].map(([name, value]) => `${escaped(name)}=${escaped(value)}`).sort().join("&"),
    ...request.signedHeaders.map((name) => `${name}:${(request.headers[name] ?? "").trim().replace(/ +/g, " ")}`),
    "",
    request.signedHeaders.join(";"),
    request.headers["x-amz-content-sha256"] ?? ""
  ].join("\n")
  const scope = `${date.slice(0, 8)}/${request.region}/s3/aws4_request`
  const key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${request.secretAccessKey}`)
  return hmac(key, ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n")).toString("hex")
}

interface Stored {
  readonly body: Buffer
  readonly headers: Record<string, string>
}

interface Upload {
  readonly key: string
  readonly headers: Record<string, string>
  readonly parts: Map<number, Buffer>
}

export interface Seen {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Http.IncomingHttpHeaders
  readonly bytes: number
}

const error = (status: number, code: string, message = "") => ({
  status,
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`
})

interface Reply {
  readonly status: number
  readonly body?: string | undefined
  readonly headers?: Record<string, string> | undefined
}

export interface S3Server {
  readonly origin: string
  readonly objects: ReadonlyMap<string, Stored>
  readonly uploads: ReadonlyMap<string, Upload>
  readonly seen: ReadonlyArray<Seen>
}

/** Has one bucket, `bucket`, in `us-east-1`; `sabotage` answers instead of it, breaks the connection, or loses its answer. */
export const make = (
  sabotage: (seen: Seen, index: number) => Reply | "reset" | "lost" | undefined = () => undefined
): Effect.Effect<S3Server, never, Scope.Scope> =>
  Effect.gen(function*() {
    const objects = new Map<string, Stored>()
    const uploads = new Map<string, Upload>()
    const seen: Array<Seen> = []

    const refusal = (request: Http.IncomingMessage, url: URL, body: Buffer): Reply | undefined => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
      const found =
        /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/
          .exec(headers["authorization"] ?? "")
      if (found === null) return error(403, "AccessDenied", "Anonymous access is forbidden")
      const [, accessKeyId, , region = "", signedHeaders = "", signature] = found
      if (accessKeyId !== credentials.accessKeyId) return error(403, "InvalidAccessKeyId", "no such key")
      const signed = signedHeaders.split(";")
      const mustBeSigned = Object.keys(headers).filter((name) => name === "host" || name.startsWith("x-amz-"))
      if (!mustBeSigned.every((name) => signed.includes(name))) return error(403, "AccessDenied", "not all is signed")
      const expected = signatureOf({
        method: request.method ?? "",
        path: url.pathname,
        query: url.searchParams,
        headers,
        signedHeaders: signed,
        region,
        secretAccessKey: credentials.secretAccessKey
      })
      if (expected !== signature) return error(403, "SignatureDoesNotMatch", "The signature does not match")
      if (region !== "us-east-1") return error(400, "AuthorizationHeaderMalformed", "the region is wrong")
      return headers["x-amz-content-sha256"] === sha256(body)
        ? undefined
        : error(400, "XAmzContentSHA256Mismatch", "The hash does not match")
    }

    const complete = (uploadId: string, upload: Upload, xml: string): Reply => {
      const listed = [...xml.matchAll(/<Part><PartNumber>(\d+)<\/PartNumber><ETag>([^<]*)<\/ETag><\/Part>/g)]
      const parts = listed.map(([, number, tag]) => {
        const part = upload.parts.get(Number(number))
        return part !== undefined && tag === `&quot;${sha256(part).slice(0, 32)}&quot;` ? part : undefined
      })
      if (parts.length === 0 || parts.includes(undefined)) return error(400, "InvalidPart")
      const whole = parts.filter((part) => part !== undefined)
      if (whole.slice(0, -1).some((part) => part.length < 5_242_880)) return error(400, "EntityTooSmall")
      uploads.delete(uploadId)
      objects.set(upload.key, { body: Buffer.concat(whole), headers: upload.headers })
      return { status: 200, body: "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>" }
    }

    const kept = (headers: Http.IncomingHttpHeaders) => ({
      "content-type": headers["content-type"] ?? "",
      "x-amz-meta-sha256": String(headers["x-amz-meta-sha256"])
    })

    const answer = (request: Http.IncomingMessage, url: URL, body: Buffer): Reply => {
      const refused = refusal(request, url, body)
      if (refused !== undefined) return refused
      const [, bucket, ...segments] = url.pathname.split("/")
      if (bucket !== "bucket") return error(404, "NoSuchBucket", "The bucket does not exist")
      const key = segments.map(decodeURIComponent).join("/")
      const uploadId = url.searchParams.get("uploadId") ?? ""
      const upload = uploads.get(uploadId)
      if (url.searchParams.has("uploads")) {
        const id = `${randomUUID()}+/=`
        uploads.set(id, { key, headers: kept(request.headers), parts: new Map() })
        return {
          status: 200,
          body: `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`
        }
      }
      if (uploadId !== "") {
        if (upload?.key !== key) return error(404, "NoSuchUpload")
        if (request.method === "POST") return complete(uploadId, upload, body.toString())
        if (request.method === "DELETE") return uploads.delete(uploadId) ? { status: 204 } : { status: 404 }
        upload.parts.set(Number(url.searchParams.get("partNumber")), body)
        return { status: 200, headers: { etag: `"${sha256(body).slice(0, 32)}"` } }
      }
      if (request.method === "PUT") {
        objects.set(key, { body, headers: kept(request.headers) })
        return { status: 200, headers: { etag: "\"e\"" } }
      }
      const object = objects.get(key)
      return object === undefined
        ? { status: 404 }
        : { status: 200, headers: { ...object.headers, "content-length": String(object.body.length) } }
    }

    const origin = yield* Sockets.http((request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
        const body = Buffer.concat(chunks)
        const url = new URL(request.url ?? "/", `http://${request.headers.host}`)
        const one: Seen = {
          method: request.method ?? "",
          path: url.pathname,
          query: url.search,
          headers: request.headers,
          bytes: body.length
        }
        const given = sabotage(one, seen.push(one) - 1)
        if (given === "reset") return request.socket.destroy()
        const { body: text, headers, status } = typeof given === "object" ? given : answer(request, url, body)
        if (given === "lost") return request.socket.destroy()
        response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : text)
      })
    })
    return { origin, objects, uploads, seen }
  })
