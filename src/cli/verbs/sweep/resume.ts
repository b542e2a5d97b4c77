import { printable } from '../../../errors.ts';
import type { MetricsAddress } from '../../../remote/metrics/server.ts';
import type { Fleet } from '../../../remote/queue/fleet.ts';
import type { SweepSettings } from '../../../sweep/schema.ts';
import type { ResumeSweepOptions, SweepRun } from '../../../sweep/session/sweep.ts';
import { type Arguments, defineCommand, type ExitNow } from '../../arguments/command.ts';
import { METRICS_OPTION, metricsOf, QUEUE_OPTIONS, type QueueRequest, queueOf } from '../../arguments/queue.ts';
import { EXECUTION_OPTIONS, settingsOf } from '../../arguments/sweeps.ts';
import type { Output } from '../../terminal/output.ts';
import { showSession } from '../../views/sweep-session.ts';

export interface ResumeRequest {
  sweep: string;
  overrides: readonly string[];
  retryFailed: boolean;
  /** Trials are trained by agents. */
  queue: QueueRequest | undefined;
  metrics?: MetricsAddress | undefined;
}

/** `gradloom sweep resume`. */
export const sweepResume = defineCommand<ResumeRequest>({
  positionals: {
    notation: '[words..]',
    describe: { words: "a sweep's directory, its id or @last (the default); then what changes: run_cap=80 budget.duration=2h" },
    problem: (words, command) => {
      const odd = words.slice(1).find((word) => !isOverride(word));
      return odd === undefined ? undefined : `${printable(odd)}: not an override; expected gradloom ${command} SWEEP [key=value ...]`;
    },
  },
  describe: 'Go on with a sweep that was interrupted or killed, or give a finished one more trials',
  options: {
    'run-cap': { value: 'N', short: 'n', describe: 'trials in all, those before included; the same as run_cap=N' },
    'retry-failed': { describe: 'try trials that failed once more, from their last checkpoint' },
    ...EXECUTION_OPTIONS,
    ...QUEUE_OPTIONS,
    ...METRICS_OPTION,
  },
  examples: [
    ['$0 sweep resume', 'the latest sweep in ./sweeps; its results are those of an undisturbed one'],
    ['$0 sweep resume sweeps/mnist-asha-7f3c1a -n 100', 'to 100 trials in all'],
    ['$0 sweep resume --queue redis://127.0.0.1:6379 --store file:/mnt/runs', 'trained by agents; also to follow one in the background'],
    ['$0 sweep resume --retry-failed', 'after what made trials fail is mended: more memory, a data file put right'],
  ],
  request: (args) => ({
    sweep: sweepOf(args),
    overrides: [...args.texts('words').filter(isOverride), ...settingsOf(args)],
    retryFailed: args.flag('retry-failed'),
    queue: queueOf(args),
    metrics: metricsOf(args),
  }),
  run: resume,
});

function isOverride(word: string): boolean {
  return word.includes('=') || word.startsWith('~');
}

function sweepOf(args: Arguments): string {
  const [first] = args.texts('words');
  return first === undefined || isOverride(first) ? '@last' : first;
}

export async function resume(request: ResumeRequest, output: Output, exitNow: ExitNow): Promise<number> {
  const { queue, metrics } = request;
  if (queue === undefined) {
    return showSession(output, exitNow, async (signal) => {
      const { settings, start } = await found(request, undefined);
      return { run: start({ signal }), settings };
    });
  }
  const { showQueueSession } = await import('../../views/queue-session.ts');
  return showQueueSession(output, exitNow, { queue, detach: false, metrics }, (fleet) => found(request, fleet));
}

/** The sweep, and what goes on with it. */
async function found(
  { sweep: word, overrides, retryFailed }: Omit<ResumeRequest, 'queue'>,
  fleet: Fleet | undefined,
): Promise<{ directory: string; settings: SweepSettings; start: (options: ResumeSweepOptions) => SweepRun }> {
  const [{ locateSweep }, { readSettings }, { resumeSweep }] = await Promise.all([
    import('../../views/queued-sweeps.ts'),
    import('../../../sweep/session/read.ts'),
    import('../../../sweep/session/sweep.ts'),
  ]);
  const directory = await locateSweep(word, fleet);
  const settings = readSettings(directory);
  return { directory, settings, start: (options) => resumeSweep(directory, { ...options, overrides, retryFailed }) };
}
