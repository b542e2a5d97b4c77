import { printable } from '../../errors.ts';
import type { Replay, Verification, VerifyProgress } from '../../runs/training/verify.ts';
import { formatCount, formatCounted, formatSecondsLeft } from '../text/numbers.ts';

/** The line that is redrawn while a run is trained again. */
export function renderVerifying({ workers, replay, replays, step, totalSteps, equal, digests, secondsLeft }: VerifyProgress): string {
  const which = replays === 1 ? '' : `${replay}/${replays}  `;
  const left = secondsLeft === undefined ? '' : `  ${formatSecondsLeft(secondsLeft)} left`;
  const done = `step ${formatCount(Math.min(step, totalSteps))}/${formatCount(totalSteps)}`;
  return `${which}${formatCounted(workers, 'worker')}  ${done}  ${formatCount(equal)}/${formatCount(digests)} digests equal${left}`;
}

export function renderReplay({ workers, equal }: Replay): string {
  return `${formatCounted(workers, 'worker')}: ${formatCounted(equal, 'digest')} equal`;
}

/** The verdict on a run that came out the same. */
export function renderVerification(id: string, { steps, digests, replays }: Verification): string {
  const with_ = replays.map(({ workers }) => workers).join(', ');
  const last = replays.at(-1)?.workers ?? 0;
  const noun = replays.length === 1 && last === 1 ? 'worker' : 'workers';
  return `PASS  ${printable(id)}: ${formatCounted(digests, 'digest')} up to step ${formatCount(steps)} equal, with ${with_} ${noun}`;
}
