/** The time, in ms since the epoch, as everybody on this machine has it. */
export const now = (): number => performance.timeOrigin + performance.now()
