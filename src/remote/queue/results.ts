import type { Job } from 'bullmq';
import { ERROR_CODES, type ErrorCode } from '../../error-codes.ts';
import { GradloomError, printable, printableSentence } from '../../errors.ts';
import { type JobResult, resultShape } from './protocol.ts';

/** How a job has ended; undefined if it has not: the queue says so in the job itself, so that nobody has to ask again. */
export function endOf({ finishedOn, failedReason }: Job): 'completed' | 'failed' | undefined {
  if (finishedOn === undefined) return undefined;
  return failedReason === undefined || failedReason === '' ? 'completed' : 'failed';
}

/** undefined if it is not what an agent of this version says. */
export function resultOf({ returnvalue }: Job): JobResult | undefined {
  return resultShape.misfit(returnvalue) === undefined ? (returnvalue as JobResult) : undefined;
}

/** An agent has met what concerns the whole sweep, or the job has cost so many agents that it is at fault. */
export function failureOf(job: Job, where: string): GradloomError {
  const said = printableSentence(job.failedReason ?? 'no reason', 500);
  const [code = '', ...words] = said.split(' ');
  const isKnown = code in ERROR_CODES;
  return new GradloomError({
    code: isKnown ? (code as ErrorCode) : 'E_INTERNAL',
    where,
    message: `job ${printable(job.id ?? '')} failed: ${isKnown ? words.join(' ') : said}`,
  });
}
