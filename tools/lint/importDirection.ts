/**
 * Which way imports point: the one table of who may know whom.
 *
 * ```
 * core        effect, xstate           pure: no HTTP, no Node
 * providers → core                     effect/http
 * runtime   → core                     runs in a browser; of xstate it takes types only
 * node      → runtime, core            what needs Node
 * simulator → core, types only         Node in what sends and listens only: see its `node` below
 * cluster   → runtime, core            Node in what joins the cluster only
 * dashboard → runtime, core            Node in what listens and reads its files only
 * cli       → all                      the only composition root
 * ```
 */
import { defineRule, type ESTree } from "@oxlint/plugins"
import * as path from "node:path"

interface Arrows {
  /** Packages of this workspace, by folder. */
  readonly ours: ReadonlyArray<string>
  /** Packages of this workspace of which only types may be imported. */
  readonly typesOnly?: ReadonlyArray<string>
  /** Packages of others, besides `effect`. */
  readonly others: ReadonlyArray<string>
  /** Packages of others of which only types may be imported. */
  readonly othersTypesOnly?: ReadonlyArray<string>
  /** Parts of `effect` that are out of reach. */
  readonly withoutEffect: ReadonlyArray<string>
  /** Files that may import from Node: all, none, or those whose path matches. */
  readonly node: boolean | RegExp
}

const network = ["http", "http-api", "net", "process", "rpc", "socket", "sql", "cluster", "workers", "cli"]

const all = ["core", "providers", "runtime", "node", "simulator", "cluster", "dashboard"]

const arrows: Readonly<Record<string, Arrows>> = {
  core: { ours: [], others: ["xstate"], withoutEffect: network, node: false },
  providers: { ours: ["core"], others: ["jose"], withoutEffect: ["cli", "cluster", "sql", "process"], node: false },
  runtime: {
    ours: ["core"],
    others: ["@noble/hashes"],
    othersTypesOnly: ["xstate"],
    withoutEffect: ["cli", "cluster", "process"],
    node: false
  },
  node: {
    ours: ["runtime", "core"],
    others: ["@effect/platform-node", "@effect/sql-pg", "aws4fetch", "undici"],
    withoutEffect: ["cli", "cluster"],
    node: true
  },
  simulator: {
    ours: [],
    typesOnly: ["core"],
    others: ["@effect/platform-node"],
    withoutEffect: ["cli", "cluster", "sql"],
    node: /\/(SimulatorServer|SimulatorWebhooks|internal\/connection)\.ts$/
  },
  cluster: {
    ours: ["runtime", "core"],
    others: ["@effect/platform-node", "@effect/sql-pg"],
    withoutEffect: ["cli"],
    node: /\/(Cluster|internal\/place)\.ts$/
  },
  dashboard: {
    ours: ["runtime", "core"],
    others: ["@effect/platform-node"],
    withoutEffect: ["cli", "cluster"],
    node: /\/(Dashboard|internal\/(page|listen)\w*)\.ts$/
  },
  cli: { ours: all, others: ["@effect/platform-node", "@effect/sql-pg", "log-update"], withoutEffect: [], node: true }
}

const packageOf = /^(.*\/packages\/([^/]+))\/src\//

const isInside = (folder: string, file: string, source: string): boolean =>
  path.posix.resolve(path.posix.dirname(file), source).startsWith(`${folder}/src/`)

const mayUseNode = (file: string, { node }: Arrows): boolean => typeof node === "boolean" ? node : node.test(file)

const namesModule = (source: string, name: string): boolean => source === name || source.startsWith(`${name}/`)

/** Why a file may not import a module; `undefined` when it may. */
const complaint = (file: string, source: string, onlyTypes: boolean): string | undefined => {
  const [, folder, name] = packageOf.exec(file) ?? []
  const rules = name === undefined ? undefined : arrows[name]
  if (folder === undefined || rules === undefined) return undefined
  if (source.startsWith(".")) return isInside(folder, file, source) ? undefined : "imports stay inside the package"
  if (source.startsWith("node:")) return mayUseNode(file, rules) ? undefined : `${name} runs without Node here`
  if (namesModule(source, "effect")) {
    const part = rules.withoutEffect.find((part) => namesModule(source, `effect/${part}`))
    return part === undefined ? undefined : `${name} does not know effect/${part}`
  }
  if (source.startsWith("@video-tasks/")) {
    const target = source.split("/")[1] ?? ""
    if (rules.ours.includes(target)) return undefined
    if (rules.typesOnly?.includes(target) !== true) return `${name} does not know ${target}`
    return onlyTypes ? undefined : `${name} takes only types from ${target}`
  }
  if (namesModule(source, "@effect/platform-node") && !mayUseNode(file, rules)) return `${name} runs without Node here`
  if (rules.others.some((other) => namesModule(source, other))) return undefined
  if (rules.othersTypesOnly?.some((other) => namesModule(source, other)) !== true) {
    return `${name} does not depend on it`
  }
  return onlyTypes ? undefined : `${name} takes only types from ${source}`
}

type WithSource =
  | ESTree.ImportDeclaration
  | ESTree.ExportNamedDeclaration
  | ESTree.ExportAllDeclaration
  | ESTree.ImportExpression
  | ESTree.TSImportType

const sourceOf = ({ source }: WithSource): string | undefined =>
  source !== null && source.type === "Literal" && typeof source.value === "string" ? source.value : undefined

const onlyTypes = (node: WithSource): boolean => {
  switch (node.type) {
    case "TSImportType":
      return true
    case "ImportDeclaration":
      return node.importKind === "type" ||
        (node.specifiers.length > 0 &&
          node.specifiers.every((specifier) => specifier.type === "ImportSpecifier" && specifier.importKind === "type"))
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
      return node.exportKind === "type"
    case "ImportExpression":
      return false
  }
}

/**
 * An import goes the way of the arrows.
 */
export const importDirection = defineRule({
  meta: { docs: { description: "An import goes the way of the arrows between the packages" } },
  create: (context) => {
    const check = (node: WithSource) => {
      const source = sourceOf(node)
      if (source === undefined) return
      const why = complaint(context.filename.replaceAll("\\", "/"), source, onlyTypes(node))
      if (why !== undefined) context.report({ node, message: `Do not import ${source}: ${why}` })
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
      TSImportType: check
    }
  }
})
