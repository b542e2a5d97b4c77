import type { SpeedupSettings } from '../schema.ts';

/** A repetition that calibrates the others takes at least this long. */
const CALIBRATION_SECONDS = 0.1;
const CALIBRATIONS = 3;
/** Enough for the compiler, the caches and the clock to settle. */
export const WARM_SECONDS = 0.3;

/** How many steps are the given work, by the row that all others are compared with. */
export async function chooseSteps(
  one: { repeat(steps: number): Promise<{ seconds: number }> },
  work: SpeedupSettings['work'],
  totalSteps: number,
  isStopped: () => boolean,
): Promise<{ steps: number; stepsIn: (duration: number) => number }> {
  let steps = 1;
  let { seconds } = await one.repeat(steps);
  // The first steps are slower than the rest: measured again until they no longer count.
  while (seconds < CALIBRATION_SECONDS && !isStopped()) {
    steps *= Math.min(10, Math.max(2, Math.ceil((1.5 * CALIBRATION_SECONDS) / seconds)));
    seconds = (await one.repeat(steps)).seconds;
  }
  // The fastest of some: a disturbed calibration would make every repetition too short.
  for (let i = 0; i < CALIBRATIONS && !isStopped(); i++) seconds = Math.min(seconds, (await one.repeat(steps)).seconds);
  const stepsIn = (duration: number): number => Math.max(1, Math.round((steps * duration) / seconds));
  if ('steps' in work) return { steps: work.steps, stepsIn };
  const wanted = stepsIn(work.seconds);
  // Whole trainings, where one is shorter than the work: then the digest covers all of it.
  return { steps: wanted <= totalSteps ? wanted : Math.ceil(wanted / totalSteps) * totalSteps, stepsIn };
}
