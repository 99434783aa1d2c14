import { type AnyActorScope, type AnyStateMachine, createActor } from "xstate"

/**
 * A scope for pure steps, made once. `transition` of XState makes a new one for every step, which costs ten times the
 * step itself; an equality test keeps this in line with it.
 *
 * @internal
 */
export const inertScope = (machine: AnyStateMachine, input: unknown): AnyActorScope => {
  const self = createActor(machine, { input })
  return {
    self,
    defer: () => undefined,
    id: "",
    logger: () => undefined,
    sessionId: "",
    stopChild: () => undefined,
    system: self.system,
    emit: () => undefined,
    actionExecutor: () => undefined
  }
}
