import { generateKeyPairSync, sign } from "node:crypto"

/**
 * A fresh certificate for `localhost`, which is its own authority. It is put together here, byte by byte (X.509 in DER),
 * so that no key lies in the repository.
 */
export const selfSigned = (): { readonly certificate: string; readonly key: string } => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const name = sequence(set(sequence(oid("550403"), der(0x0c, Buffer.from("localhost")))))
  const algorithm = sequence(oid("2a8648ce3d040302"))
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    name,
    sequence(der(0x18, Buffer.from("20200101000000Z")), der(0x18, Buffer.from("21200101000000Z"))),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(basicConstraints, subjectAlternativeNames))
  )
  const signature = sign("sha256", body, privateKey)
  const whole = sequence(body, algorithm, der(0x03, Buffer.from([0]), signature))
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? []
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString()
  }
}

const der = (tag: number, ...parts: ReadonlyArray<Buffer>): Buffer => {
  const content = Buffer.concat(parts)
  const size = content.length
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const sequence = (...parts: ReadonlyArray<Buffer>) => der(0x30, ...parts)
const set = (...parts: ReadonlyArray<Buffer>) => der(0x31, ...parts)
const oid = (hex: string) => der(0x06, Buffer.from(hex, "hex"))

/** It may sign: its own authority. */
const basicConstraints = sequence(
  oid("551d13"),
  der(0x04, sequence(der(0x01, Buffer.from([0xff]))))
)

const subjectAlternativeNames = sequence(
  oid("551d11"),
  der(0x04, sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1]))))
)
