/**
 * When to read a task again: the policy is data that each provider declares from its own page, and `next` is one pure
 * function of the policy and of what the reads so far have shown.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"

/**
 * The cadence of a family. All times in ms.
 *
 * @category models
 * @since 0.1.0
 */
export interface PollPolicy {
  /** The average gap that the provider's page asks for; a single gap near the predicted end may be shorter. */
  readonly floorMs: number
  /** The longest gap while all goes well. */
  readonly ceilingMs: number
  /** The shortest single gap near the predicted end. */
  readonly minGapMs: number
  /** How long one answer may take, headers and body together. */
  readonly pollTimeoutMs: number
  /** How long a caller waits unless it says otherwise. */
  readonly deadlineMs: number
  /** How long a job typically takes: the median of the log-normal seed of the histogram. */
  readonly typicalMs: number
  /** Progress values that the server reports as a matter of form and that predict nothing. */
  readonly meaninglessProgress: ReadonlyArray<number>
  /**
   * How many ceilings lie between two reads while callbacks that can be believed arrive; in all at most `maxReconcileMs`.
   *
   * @default 4
   */
  readonly reconcileFactor?: number | undefined
}

/**
 * A cadence that a user asks for; it beats the provider's.
 *
 * @category options
 * @since 0.1.0
 */
export interface Overrides {
  /** The shortest gap, on average and singly, in ms. */
  readonly floorMs?: number | undefined
  /** The longest gap while all goes well, in ms. */
  readonly ceilingMs?: number | undefined
  /** How long one answer may take, in ms. */
  readonly pollTimeoutMs?: number | undefined
}

/**
 * What one good read says about the rest of the job.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reading {
  /** 0 to 100, as the provider says it. */
  readonly progress?: number | undefined
  /** In ms, as the provider says it. */
  readonly estimatedRemainingMs?: number | undefined
  /** The read has seen what a callback should have told: from here on they are not relied on, until the next one comes. */
  readonly isNews?: boolean | undefined
}

/**
 * What the reads so far have shown. Make it with `start`, carry it on with `observed` and `failed`.
 *
 * @category models
 * @since 0.1.0
 */
export interface History {
  /** When the job began, in ms since the epoch. */
  readonly startedAt: number
  /** When the last good read was, or else the start. In ms after `startedAt`, like all times below. */
  readonly readAt: number
  /** Failed reads since the last good one. */
  readonly failures: number
  /** How many floors the reads so far have saved: short gaps near the end are paid from it. */
  readonly credit: number
  /** When the provider says that the job ends. */
  readonly endsAt: number | undefined
  /** The last raw progress that may mean something. */
  readonly progress: number | undefined
  /** When the progress last changed. */
  readonly changedAt: number
  /** Reads since then. */
  readonly unchanged: number
  /** When the progress was last 0: the foot of the line that is laid through the readings. */
  readonly footAt: number
  /** Sums of the line: time squared, and time by progress. */
  readonly xx: number
  readonly xy: number
  /** When the last callback came that can be believed and relied on. */
  readonly calledAt: number | undefined
}

/**
 * What `next` cannot know by itself.
 *
 * @category options
 * @since 0.1.0
 */
export interface NextOptions {
  /** A random number in [0, 1) for the jitter. */
  readonly random: number
  /** How long jobs that have lasted as long as this one still take, in ms: the median. */
  readonly medianRestMs: number
}

/**
 * A policy for an API whose page gives no advice.
 *
 * @category constants
 * @since 0.1.0
 */
export const standard: PollPolicy = {
  floorMs: 10_000,
  ceilingMs: 30_000,
  minGapMs: 2_000,
  pollTimeoutMs: 15_000,
  deadlineMs: 3_600_000,
  typicalMs: 90_000,
  meaninglessProgress: []
}

/**
 * The age of a job from which it is only read once in `slowGapMs`: 24 h, in ms.
 *
 * @category constants
 * @since 0.1.0
 */
export const giveUpAfterMs = 86_400_000

/**
 * The gap between the reads of a job older than `giveUpAfterMs`: 5 min, in ms.
 *
 * @category constants
 * @since 0.1.0
 */
export const slowGapMs = 300_000

/**
 * The longest gap after failures: 60 s, in ms.
 *
 * @category constants
 * @since 0.1.0
 */
export const failureCeilingMs = 60_000

/**
 * The longest gap between reads while callbacks arrive, whatever the ceiling: 5 min, in ms.
 *
 * @category constants
 * @since 0.1.0
 */
export const maxReconcileMs = 300_000

/**
 * Applies a user's cadence to a policy. An explicit floor is a hard one: no gap falls below it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const override = (self: PollPolicy, overrides: Overrides): PollPolicy => {
  const floorMs = overrides.floorMs ?? Math.min(self.floorMs, overrides.ceilingMs ?? Infinity)
  const ceilingMs = Math.max(floorMs, overrides.ceilingMs ?? self.ceilingMs)
  return {
    ...self,
    floorMs,
    ceilingMs,
    minGapMs: overrides.floorMs ?? Math.min(self.minGapMs, floorMs),
    pollTimeoutMs: overrides.pollTimeoutMs ?? self.pollTimeoutMs
  }
}

/**
 * The history of a job that nobody has read yet.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (startedAt: number): History => ({
  startedAt,
  readAt: 0,
  failures: 0,
  credit: 0,
  endsAt: undefined,
  progress: undefined,
  changedAt: 0,
  unchanged: 0,
  footAt: 0,
  xx: 0,
  xy: 0,
  calledAt: undefined
})

/**
 * Adds a good read at `now` (ms since the epoch). The floor is about requests: a read that shared its request with others
 * counts as its `share` of one, from 0 to 1.
 *
 * @category transitions
 * @since 0.1.0
 */
export const observed = (
  policy: PollPolicy,
  self: History,
  reading: Reading,
  now: number,
  share: number = 1
): History => {
  const at = Math.max(self.readAt, now - self.startedAt)
  const saved = policy.floorMs <= 0 ? 0 : (at - self.readAt) / policy.floorMs - share
  const read: History = {
    ...self,
    readAt: at,
    failures: 0,
    credit: Math.max(-1, Math.min(maxCredit, self.credit + saved)),
    calledAt: reading.isNews === true ? undefined : self.calledAt
  }
  return learned(policy, read, reading, at)
}

/**
 * Adds a callback at `now` (ms since the epoch) that can be believed. It is no read: what it says of the rest counts, and
 * for as long as callbacks come, reads only reconcile.
 *
 * @category transitions
 * @since 0.1.0
 */
export const called = (policy: PollPolicy, self: History, reading: Reading, now: number): History => {
  const at = Math.max(self.readAt, now - self.startedAt)
  const relied: History = { ...self, calledAt: at }
  const isSilent = reading.progress === undefined && reading.estimatedRemainingMs === undefined
  return isSilent ? relied : learned(policy, relied, reading, at)
}

/**
 * Adds a failed read.
 *
 * @category transitions
 * @since 0.1.0
 */
export const failed = (self: History): History => ({ ...self, failures: self.failures + 1 })

/**
 * Returns for how many ms a read has to wait that is asked for by a callback nobody can vouch for: a floor after the last
 * read. After failures the back-off holds, and it is `Infinity`.
 *
 * @category getters
 * @since 0.1.0
 */
export const hintedGapMs = (policy: PollPolicy, self: History, now: number): number => {
  const floorMs = Math.max(policy.floorMs, policy.minGapMs)
  // A clock that was set back makes nobody wait longer.
  return self.failures > 0 ? Infinity : Math.max(0, Math.min(floorMs, self.readAt + floorMs - (now - self.startedAt)))
}

/**
 * Returns the gap between reads while callbacks arrive, in ms: `reconcileFactor` ceilings, at most 5 min and never less than
 * a ceiling.
 *
 * @category getters
 * @since 0.1.0
 */
export const reconcileGapMs = ({ ceilingMs, reconcileFactor = 4 }: PollPolicy): number =>
  Math.max(ceilingMs, Math.min(maxReconcileMs, ceilingMs * reconcileFactor))

/**
 * Estimates how long the job still takes, in ms: what the provider says, else what its progress says, else the median
 * of jobs that have lasted as long.
 *
 * **Details**
 *
 * Progress is read as a line through its last zero and the readings since, where older readings count less. Progress
 * that three reads have not moved, over at least two floors of time, says nothing any more.
 *
 * @category getters
 * @since 0.1.0
 */
export const restMs = (policy: PollPolicy, self: History, now: number, medianRestMs: number): number =>
  Math.max(0, toldRestMs(policy, self, now) ?? medianRestMs)

/**
 * Returns how long to wait before the next read.
 *
 * **Details**
 *
 * The next read is aimed at 0.6 of the estimated rest (0.3 of it when the task's own answers tell nothing), between the
 * floor and the ceiling. The floor is an average: what long gaps have saved, short ones near the end may spend, down to `minGapMs`. After failures the gap doubles from the
 * floor (at least 0.5 s) to 60 s, whatever the ceiling. A job older than 24 h is read once in 5 min. Always with jitter.
 *
 * While callbacks arrive that can be believed, a read only heals what was lost: it comes `reconcileGapMs` after the last one.
 * When none has come for three such gaps, or a read has seen what none had told, the cadence is as before.
 *
 * **Example** (The first read of a job that typically takes 40 s)
 *
 * ```ts import.meta.vitest
 * import { PollPolicy } from "@video-tasks/core"
 * import { Duration } from "effect"
 *
 * const history = PollPolicy.start(0)
 * const gap = PollPolicy.next(PollPolicy.standard, history, 0, { random: 0.5, medianRestMs: 40_000 })
 * Duration.toMillis(gap) // => 24000
 * ```
 *
 * @category getters
 * @since 0.1.0
 */
export const next = (policy: PollPolicy, self: History, now: number, options: NextOptions): Duration.Duration => {
  const jitter = 1 + jitterRatio * (2 * options.random - 1)
  if (now - self.startedAt >= giveUpAfterMs) return Duration.millis(Math.round(slowGapMs * jitter))
  if (self.failures > 0) {
    const first = Math.max(policy.floorMs, 500)
    const gap = Math.min(Math.max(failureCeilingMs, first), first * 2 ** Math.min(self.failures - 1, 16))
    return Duration.millis(Math.round(Math.max(gap * jitter, policy.minGapMs)))
  }
  const reconcile = reconcileRestMs(policy, self, now, jitter)
  if (reconcile !== undefined) return Duration.millis(Math.round(Math.max(reconcile, policy.minGapMs)))
  const told = toldRestMs(policy, self, now)
  const isBlind = told === undefined && self.readAt !== 0
  const rest = Math.max(0, told ?? options.medianRestMs)
  const aimed = Math.min(policy.ceilingMs, (isBlind ? blindAim : aim) * rest)
  const owed = Math.min(policy.floorMs, policy.floorMs * (1 - self.credit))
  const gap = Math.max(aimed, owed, policy.minGapMs)
  return Duration.millis(Math.round(Math.max(gap * jitter, policy.minGapMs * (1 + jitterRatio * options.random))))
}

// internal

/** What an answer or a callback says of the rest. */
const learned = (policy: PollPolicy, self: History, reading: Reading, at: number): History => {
  const endsAt = reading.estimatedRemainingMs === undefined ? undefined : at + Math.max(0, reading.estimatedRemainingMs)
  const progress = reading.progress
  if (progress === undefined || policy.meaninglessProgress.includes(progress)) {
    return { ...self, endsAt, progress: undefined }
  }
  const changed = progress !== self.progress
  const line = progress <= 0
    ? { footAt: at, xx: 0, xy: 0 }
    : {
      xx: self.xx * forgetting + seconds(at - self.footAt) ** 2,
      xy: self.xy * forgetting + seconds(at - self.footAt) * progress
    }
  return {
    ...self,
    endsAt,
    ...line,
    progress,
    changedAt: changed ? at : self.changedAt,
    unchanged: changed ? 0 : self.unchanged + 1
  }
}

/** For so many reconciling gaps a callback is relied on when no other follows: APIs call when a state changes, which is rare. */
const patience = 3

/** How long the next reconciling read has to wait, in ms; `undefined` when callbacks are not relied on. */
const reconcileRestMs = (policy: PollPolicy, self: History, now: number, jitter: number): number | undefined => {
  if (self.calledAt === undefined) return undefined
  const at = now - self.startedAt
  const gap = reconcileGapMs(policy)
  if (at - self.calledAt >= patience * gap) return undefined
  // From the last read: callbacks without end do not put it off.
  return Math.min(0, self.readAt - at) + gap * jitter
}

/** How far into the estimated rest the next read is aimed. */
const aim = 0.6

/** The same for a task whose reads tell nothing: a median is wrong for most jobs, so it is believed half as far. */
const blindAim = 0.3

/** What the provider or its progress say of the rest, in ms; `undefined` when neither says anything. */
const toldRestMs = (policy: PollPolicy, self: History, now: number): number | undefined => {
  const at = now - self.startedAt
  if (self.endsAt !== undefined) return self.endsAt - at
  if (self.progress === undefined || self.xy <= 0) return undefined
  const isStuck = self.unchanged >= maxUnchanged && self.readAt - self.changedAt >= 2 * policy.floorMs
  return isStuck ? undefined : self.footAt + 100_000 * self.xx / self.xy - at
}

/** A gap varies by this much, so that tasks that began together do not stay together. */
const jitterRatio = 0.1

/** How much an older reading counts against the next one. */
const forgetting = 0.7

/** From this many reads without a change, progress says nothing. */
const maxUnchanged = 3

/** How many floors of time can be saved up. */
const maxCredit = 6

const seconds = (ms: number): number => ms / 1000
