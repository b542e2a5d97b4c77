import type { Estimate } from '../statistics.ts';
import type { MeasuredRow, Repetition } from './measured.ts';

/** Cores of others that a row can bear beside its workers: clock ticks of 10 ms and our own main thread are not counted exactly. */
const TOLERATED_CORES = 0.15;
/** Change of rate from the first to the last half that interleaving takes care of. */
const TOLERATED_DRIFT = 0.1;
/** What a second that the hypervisor took costs at most: the caches are cold after it. */
const STOLEN_COST = 1.25;
/** The period of a cgroup's quota: what one stop costs at most. */
const QUOTA_PERIOD_SECONDS = 0.1;
/** However much was taken, some work was done. */
const LEAST_SHARE = 0.05;
/** A share that is not worth a word. */
const NEGLIGIBLE = 5e-4;

/** What disturbed a row by an amount that nobody can know, in words. */
export function reasonsOf({ repetitions, workers }: MeasuredRow, usableCores: number, drift: Estimate): string[] {
  const reasons: string[] = [];
  const seconds = repetitions.reduce((sum, repetition) => sum + repetition.seconds, 0);
  const others = repetitions.reduce((total, { disturbance, seconds: of }) => total + (disturbance.otherCores ?? 0) * of, 0) / seconds;
  const free = Math.max(0, usableCores - Math.min(workers, usableCores));
  if (others > free + TOLERATED_CORES) reasons.push(`other programs used ${others.toFixed(1)} of ${usableCores} cores`);
  // Beyond what chance does to two halves.
  if (Math.abs(drift.value) > TOLERATED_DRIFT && drift.low * drift.high > 0) {
    const change = `${Math.abs(100 * drift.value).toFixed(0)} % ${drift.value > 0 ? 'faster' : 'slower'}`;
    reasons.push(`the last half was ${change} than the first`);
  }
  return reasons;
}

/**
 * The least wall time that a repetition can have taken on a machine that took nothing from it. Workers wait for each other, so a moment
 * taken from one of them delays all, by no more than what was taken from all of them together: the truth lies between this and the clock.
 */
export function leastSeconds({ seconds, disturbance: { stealSeconds, throttled } }: Repetition): number {
  return Math.max(LEAST_SHARE * seconds, seconds - STOLEN_COST * stealSeconds - QUOTA_PERIOD_SECONDS * throttled);
}

/** What was taken from a row, in words; its intervals allow for it. */
export function takenOf({ repetitions, workers }: MeasuredRow, usableCores: number): string[] {
  const sum = (of: (repetition: Repetition) => number): number => repetitions.reduce((total, repetition) => total + of(repetition), 0);
  const taken: string[] = [];
  const stolen = sum(({ disturbance }) => disturbance.stealSeconds) / (sum(({ seconds }) => seconds) * Math.min(workers, usableCores));
  if (stolen > NEGLIGIBLE) taken.push(`the hypervisor took ${(100 * stolen).toFixed(1)} % of the time`);
  const throttled = sum(({ disturbance }) => disturbance.throttled);
  if (throttled > 0) taken.push(`the cgroup quota stopped it ${throttled} ${throttled === 1 ? 'time' : 'times'}`);
  return taken;
}
