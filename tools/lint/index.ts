/**
 * Lint rules of this repository.
 */
import { type Comment, definePlugin, defineRule, type ESTree } from "@oxlint/plugins"
import { importDirection } from "./importDirection.ts"

const barrel = /^(effect|effect\/(.+\/)?[a-z][a-z0-9-]*|@effect\/[^/]+|@video-tasks\/[^/]+)$/

const isDoc = (comment: Comment): boolean => comment.type === "Block" && comment.value.startsWith("*")

const complaints = (doc: Comment | undefined): ReadonlyArray<string> => {
  if (doc === undefined) return ["a doc comment"]
  const missing = ["@category", "@since"].filter((tag) => !doc.value.includes(tag))
  return /^\*\s*\n\s*\*\s+[A-Z]/.test(doc.value) ? missing : ["a first sentence", ...missing]
}

export default definePlugin({
  meta: { name: "video-tasks" },
  rules: {
    "import-direction": importDirection,
    "no-import-from-barrel": defineRule({
      meta: { docs: { description: "Import the module, not the barrel of its package" } },
      create: (context) => ({
        ImportDeclaration: (node) => {
          if (barrel.test(node.source.value)) {
            context.report({ node, message: `Import a module of ${node.source.value}, not its barrel` })
          }
        }
      })
    }),
    "public-jsdoc": defineRule({
      meta: { docs: { description: "A public export says what it is, where it belongs and since when" } },
      create: (context) => ({
        ExportNamedDeclaration: (node: ESTree.ExportNamedDeclaration) => {
          if (node.declaration === null) return
          const missing = complaints(context.sourceCode.getCommentsBefore(node).findLast(isDoc))
          if (missing.length > 0) {
            context.report({ node, message: `Public export lacks ${missing.join(", ")}` })
          }
        }
      })
    })
  }
})
