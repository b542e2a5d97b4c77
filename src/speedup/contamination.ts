import type { MeasuredRow } from './measured.ts';
import type { Estimate } from './statistics.ts';

/** Cores of others that a row can bear beside its workers: clock ticks of 10 ms and our own main thread are not counted exactly. */
const TOLERATED_CORES = 0.15;
/** Share of the time that a hypervisor may take. */
const TOLERATED_STEAL = 0.01;
/** Change of rate from the first to the last half that interleaving takes care of. */
const TOLERATED_DRIFT = 0.1;

/** What disturbed a row, in words. */
export function reasonsOf({ repetitions, workers }: MeasuredRow, usableCores: number, drift: Estimate): string[] {
  const reasons: string[] = [];
  const seconds = repetitions.reduce((sum, repetition) => sum + repetition.seconds, 0);
  const sum = (of: (disturbance: (typeof repetitions)[number]['disturbance']) => number): number =>
    repetitions.reduce((total, { disturbance }) => total + of(disturbance), 0);
  const others = repetitions.reduce((total, { disturbance, seconds: of }) => total + (disturbance.otherCores ?? 0) * of, 0) / seconds;
  const free = Math.max(0, usableCores - Math.min(workers, usableCores));
  if (others > free + TOLERATED_CORES) reasons.push(`other programs used ${others.toFixed(1)} of ${usableCores} cores`);
  const steal = sum(({ stealSeconds }) => stealSeconds) / (seconds * Math.min(workers, usableCores));
  if (steal > TOLERATED_STEAL) reasons.push(`the hypervisor took ${(100 * steal).toFixed(1)} % of the time`);
  const throttled = sum((disturbance) => disturbance.throttled);
  if (throttled > 0) reasons.push(`the cgroup quota stopped it ${throttled} ${throttled === 1 ? 'time' : 'times'}`);
  // Beyond what chance does to two halves.
  if (Math.abs(drift.value) > TOLERATED_DRIFT && drift.low * drift.high > 0) {
    const change = `${Math.abs(100 * drift.value).toFixed(0)} % ${drift.value > 0 ? 'faster' : 'slower'}`;
    reasons.push(`the last half was ${change} than the first`);
  }
  return reasons;
}
