import type { ExtendOptions, ScheduleMode } from '../../runs/training/extend.ts';
import { type Arguments, defineCommand, type ExitNow } from '../arguments/command.ts';
import { countOf, RUNS_DIR, runsDirOf, runWords, wordOf } from '../arguments/runs.ts';
import type { Output } from '../terminal/output.ts';
import { followRun } from '../views/follow.ts';

const MODES = ['stretch', 'hold', 'restart'] as const satisfies readonly ScheduleMode[];

interface ExtendRequest {
  run: string;
  length: Pick<ExtendOptions, 'epochs' | 'steps' | 'schedule'>;
  dir?: string;
}

/** `gradloom extend`. */
export const extend = defineCommand<ExtendRequest>({
  positionals: runWords(1, 1),
  describe: 'Train a finished run for longer, in a new run beside it',
  options: {
    epochs: { value: 'N', describe: 'new length of the whole training in epochs; or --steps' },
    steps: { value: 'N', describe: 'new length of the whole training in parameter updates' },
    schedule: {
      value: 'MODE',
      values: MODES,
      describe: 'the learning rate from here on: stretch (the schedule over the new length, default), hold (as it was last) or restart',
    },
    ...RUNS_DIR,
  },
  examples: [
    ['$0 extend @last --epochs 40', 'to 40 epochs in all, the schedule stretched to them'],
    ['$0 extend mnist-29898d --steps 5000 --schedule hold', 'with the learning rate of the last step'],
  ],
  request: (args) => ({ run: args.text('run') ?? '', length: lengthOf(args), ...runsDirOf(args) }),
  run: extendCommand,
});

function lengthOf(args: Arguments): ExtendRequest['length'] {
  const epochs = countOf(args, 'epochs');
  const steps = countOf(args, 'steps');
  if ((epochs === undefined) === (steps === undefined)) throw args.error('--epochs N or --steps N: give one of the two');
  const schedule = wordOf(args, 'schedule', MODES);
  return { ...(epochs && { epochs }), ...(steps && { steps }), ...(schedule && { schedule }) };
}

async function extendCommand({ run: word, length, dir }: ExtendRequest, output: Output, exitNow: ExitNow): Promise<number> {
  return followRun(
    async (signal) => {
      const [{ findRun }, runs] = await Promise.all([import('../../runs/store/store.ts'), import('../../runs/training/extend.ts')]);
      const { directory } = await findRun(word, dir);
      return runs.extend(directory, { ...length, signal });
    },
    output,
    exitNow,
  );
}
