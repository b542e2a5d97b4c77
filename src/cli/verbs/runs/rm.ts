import { printable } from '../../../errors.ts';
import { defineCommand, usageError } from '../../arguments/command.ts';
import { RUNS_DIR, runsDirOf, runWords } from '../../arguments/runs.ts';
import { confirm } from '../../terminal/confirm.ts';
import type { Output } from '../../terminal/output.ts';

const MAX_NAMED = 10;

interface RemoveRequest {
  runs: string[];
  yes: boolean;
  dir?: string;
}

/** `gradloom runs rm`. */
export const runsRm = defineCommand<RemoveRequest>({
  positionals: runWords(1),
  describe: 'Remove runs with all their files, after asking; a run that is at work is refused',
  options: { yes: { short: 'y', describe: 'do not ask' }, ...RUNS_DIR },
  examples: [
    ['$0 runs rm mnist-20261126-041448-29898d', 'one run'],
    ['$0 runs rm @last --yes', 'without being asked'],
  ],
  request: (args) => ({ runs: args.texts('runs'), yes: args.flag('yes'), ...runsDirOf(args) }),
  run: removeCommand,
});

async function removeCommand({ runs: words, yes, dir }: RemoveRequest, output: Output): Promise<number> {
  const [{ findRuns }, { removeRun }] = await Promise.all([
    import('../../../runs/store/store.ts'),
    import('../../../runs/store/remove.ts'),
  ]);
  const found = await findRuns(words, dir);
  const runs = [...new Map(found.map((run) => [run.directory, run])).values()];
  const names = runs.slice(0, MAX_NAMED).map(({ record }) => printable(record.id));
  const more = runs.length > names.length ? ` and ${runs.length - names.length} more` : '';
  if (!yes) {
    const answer = await confirm(`remove ${names.join(', ')}${more}?`);
    if (answer === undefined) throw usageError('--yes is needed where nobody can be asked', 'runs rm');
    if (!answer) {
      output.note('nothing removed');
      return 0;
    }
  }
  const removed: string[] = [];
  for (const run of runs) {
    removeRun(run);
    removed.push(run.record.id);
    output.note(`removed  ${printable(run.record.id)}`);
  }
  if (output.json) output.object({ removed });
  return 0;
}
