import type { GradloomError } from '../errors.ts';

/** Whether a failed write says that no later one can succeed: the directory has another owner by now, or is no longer there. */
export function isLoss(error: GradloomError): boolean {
  return error.code === 'E_BUSY' || (error.code === 'E_STORAGE' && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT');
}
