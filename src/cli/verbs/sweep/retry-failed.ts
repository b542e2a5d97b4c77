import { defineCommand } from '../../arguments/command.ts';
import { QUEUE_OPTIONS, queueOf } from '../../arguments/queue.ts';
import { SWEEP_WORD, sweepOf } from '../../arguments/sweeps.ts';
import { type ResumeRequest, resume } from './resume.ts';

/** `gradloom sweep retry-failed`: `sweep resume --retry-failed` in a word. */
export const sweepRetryFailed = defineCommand<ResumeRequest>({
  positionals: SWEEP_WORD,
  describe: 'Try the trials of a sweep that failed once more; the same as sweep resume --retry-failed',
  options: QUEUE_OPTIONS,
  examples: [['$0 sweep retry-failed mnist-asha-7f3c1a --queue redis://127.0.0.1:6379 --store file:/mnt/runs', 'with agents']],
  request: (args) => ({ sweep: sweepOf(args), overrides: [], retryFailed: true, queue: queueOf(args) }),
  run: resume,
});
