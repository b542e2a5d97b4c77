import { existsSync } from 'node:fs';
import path from 'node:path';
import { causesOf, type ErrorCode, EXIT, GradloomError, isOfMachine, printable } from '../../errors.ts';
import { errnoText } from '../../storage/errno.ts';
import { kindAt } from '../../storage/folder.ts';
import { commandOf } from '../../storage/shell.ts';
import { isOfTrial } from '../execute/faults.ts';

/** Exit codes that say: the machine is at fault, and the work goes on later. */
const PAUSES: readonly number[] = [EXIT.unavailable, EXIT.storage, EXIT.busy];

/**
 * An error that ends a session of a sweep, as it is reported: one of the machine, wherever it was met, has an exit code that says so, and
 * tells how to go on: with the sweep, also where one of its trials would tell how to go on with its run.
 *
 * @param directory  of the sweep, which was there when the session began
 */
export function sessionError(error: unknown, directory: string): unknown {
  const known = error instanceof GradloomError ? error : ofSystem(error, directory);
  if (known === undefined) return error;
  // It would come again, so there is nothing to wait for.
  if (isOfTrial(known)) return known;
  const { where, lines, cause } = known;
  const resume = commandOf('sweep resume', directory);
  const isWhole = existsSync(path.join(directory, 'sweep.yaml'));
  if (kindAt(directory) === undefined || (!isWhole && isMissing(cause))) {
    const message = 'was moved or removed while in use: ENOENT: no such file or directory';
    return new GradloomError({ code: 'E_STORAGE', where: printable(directory), message, next: `put it back, then: ${resume}`, cause });
  }
  if (!isWhole) return known;
  const mend = known.blame === 'machine' ? 'mend the cause' : known.next;
  return new GradloomError({
    code: codeOf(known),
    where,
    message: known.problems[0]?.message ?? known.message,
    lines,
    kept: `${printable(directory)} and the results in its log.jsonl`,
    next: `${mend ?? 'mend the cause'}, then: ${resume}`,
    cause,
  });
}

function codeOf({ code, blame, exitCode, cause }: GradloomError): ErrorCode {
  if (blame !== 'machine' || PAUSES.includes(exitCode)) return code;
  return isFileError(cause) ? 'E_STORAGE' : 'E_ENGINE';
}

/** What the operating system refused, where nobody has given it words. */
function ofSystem(error: unknown, directory: string): GradloomError | undefined {
  if (!(error instanceof Error) || !(isFileError(error) || isOfMachine(error))) return undefined;
  const where = 'path' in error && typeof error.path === 'string' ? error.path : directory;
  return new GradloomError({ code: 'E_STORAGE', where: printable(where), message: errnoText(error), cause: error });
}

/** What was there is gone. */
function isMissing(error: unknown): boolean {
  return causesOf(error).some((cause) => 'code' in cause && cause.code === 'ENOENT');
}

/** A call on a file was refused. */
function isFileError(error: unknown): boolean {
  return causesOf(error).some((cause) => 'syscall' in cause && 'errno' in cause);
}
