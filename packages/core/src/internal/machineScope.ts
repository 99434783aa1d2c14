import { type AnyActorScope, type AnyStateMachine, createActor, type EventObject } from "xstate"

/**
 * A scope for pure steps, made once. `transition` of XState makes a new one for every step, which costs ten times the
 * step itself; an equality test keeps this in line with it.
 *
 * @internal
 */
export const inertScope = <Machine extends AnyStateMachine>(machine: Machine, input: unknown): AnyActorScope => {
  const self = createActor(machine, { input } as never)
  return {
    self,
    defer: () => undefined,
    id: "",
    logger: () => undefined,
    sessionId: "",
    stopChild: () => undefined,
    system: self.system,
    emit: (_: EventObject) => undefined,
    actionExecutor: () => undefined
  } as unknown as AnyActorScope
}
