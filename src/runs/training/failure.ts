import { GradloomError } from '../../errors.ts';
import { commandOf } from '../../storage/shell.ts';
import { keptOf } from '../checkpoint/kept.ts';
import type { RunFiles } from '../checkpoint/run-files.ts';

/** What a summary says of the error that ended a run. */
export function errorOf({ code, where, message }: GradloomError): Pick<GradloomError, 'code' | 'message'> & { where?: string } {
  return where === undefined ? { code, message } : { code, where, message };
}

/** The error that a run ends with, with what of it is safe and how to go on. @param kept  see `keptOf` */
export function withKept(failure: GradloomError, files: RunFiles | undefined, saved: Parameters<typeof keptOf>[1]): GradloomError {
  if (files === undefined) return new GradloomError({ ...errorOf(failure), next: failure.next, cause: failure.cause });
  const goOn = commandOf('resume', files.directory.path);
  const next = failure.code === 'E_STORAGE' ? `${failure.next}, then: ${goOn}` : (failure.next ?? goOn);
  // What another owner makes of it is not ours to tell.
  const kept = failure.code === 'E_BUSY' ? undefined : keptOf(files, saved);
  return new GradloomError({ ...errorOf(failure), kept, next, cause: failure.cause });
}
