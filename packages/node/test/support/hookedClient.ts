/**
 * A client of a database that stops before a statement, once, for something else to happen first.
 */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"

interface Hook {
  /** Has something happen before the next statement that begins like this. */
  readonly before: (text: string, happens: Effect.Effect<unknown, unknown>) => void
}

export const make = <E>(client: Layer.Layer<SqlClient.SqlClient, E>) => {
  let next: { readonly text: string; readonly happens: Effect.Effect<unknown, unknown> } | undefined
  const hooked = (real: SqlClient.SqlClient): SqlClient.SqlClient =>
    new Proxy(real, {
      apply: (target, self, args: ReadonlyArray<unknown>) => {
        const statement: unknown = Reflect.apply(target as never, self, args)
        const strings: unknown = args[0]
        if (next === undefined || !Array.isArray(strings) || !String(strings[0]).trim().startsWith(next.text)) {
          return statement
        }
        const { happens } = next
        next = undefined
        return Effect.andThen(happens, statement as Effect.Effect<unknown>)
      },
      get: (target, name) =>
        name === "withoutTransforms" ? () => hooked(target.withoutTransforms()) : Reflect.get(target, name)
    })
  const hook: Hook = { before: (text, happens) => void (next = { text, happens }) }
  return {
    hook,
    layer: Layer.effect(SqlClient.SqlClient, Effect.map(SqlClient.SqlClient, hooked)).pipe(Layer.provide(client))
  }
}
