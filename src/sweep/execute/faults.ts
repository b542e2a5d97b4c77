import { type Blame, GradloomError } from '../../errors.ts';

/**
 * Faults that concern the sweep and not the trial that met them: its runs were begun with other data or another arithmetic, so results
 * of before and after do not belong together.
 */
const OF_THE_SWEEP: readonly string[] = ['E_DATA_FINGERPRINT', 'E_KERNEL_VERSION', 'E_INTERNAL'];

/** An error that is a result of its trial. */
export type TrialError = GradloomError & { readonly blame: Exclude<Blame, 'machine'> };

/** Whether an error is a result of the trial: what its configuration, its data, or its own worker threads brought about. */
export function isOfTrial(error: unknown): error is TrialError {
  return error instanceof GradloomError && error.blame !== 'machine' && !OF_THE_SWEEP.includes(error.code);
}
