import { printable } from '../../../errors.ts';
import { type Arguments, defineCommand, type ExitNow } from '../../arguments/command.ts';
import { EXECUTION_OPTIONS, settingsOf } from '../../arguments/sweeps.ts';
import type { Output } from '../../terminal/output.ts';
import { showSession } from '../../views/sweep-session.ts';

interface ResumeRequest {
  sweep: string;
  overrides: readonly string[];
  retryFailed: boolean;
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
  },
  examples: [
    ['$0 sweep resume', 'the latest sweep in ./sweeps; its results are those of an undisturbed one'],
    ['$0 sweep resume sweeps/mnist-asha-7f3c1a -n 100', 'to 100 trials in all'],
    ['$0 sweep resume --retry-failed', 'after what made trials fail is mended: more memory, a data file put right'],
  ],
  request: (args) => ({
    sweep: sweepOf(args),
    overrides: [...args.texts('words').filter(isOverride), ...settingsOf(args)],
    retryFailed: args.flag('retry-failed'),
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

function resume({ sweep: word, overrides, retryFailed }: ResumeRequest, output: Output, exitNow: ExitNow): Promise<number> {
  return showSession(output, exitNow, async (signal) => {
    const [{ findSweep }, { readSettings }, { resumeSweep }] = await Promise.all([
      import('../../../sweep/journal/find.ts'),
      import('../../../sweep/session/read.ts'),
      import('../../../sweep/session/sweep.ts'),
    ]);
    const directory = findSweep(word);
    const settings = readSettings(directory);
    return { run: resumeSweep(directory, { signal, overrides, retryFailed }), settings };
  });
}
