import { EXIT, printable } from '../../../errors.ts';
import { defineCommand } from '../../arguments/command.ts';
import { NO_WORDS } from '../../arguments/positionals.ts';
import { RUNS_DIR, runsDirOf } from '../../arguments/runs.ts';
import type { Output } from '../../terminal/output.ts';

interface GcRequest {
  dry: boolean;
  dir?: string;
}

/** `gradloom runs gc`. */
export const runsGc = defineCommand<GcRequest>({
  positionals: NO_WORDS,
  describe: 'Remove what nothing needs: temporary files, removals that were cut off, all but the newest checkpoint of finished runs',
  options: { 'dry-run': { describe: 'only say what would be removed' }, ...RUNS_DIR },
  examples: [
    ['$0 runs gc --dry-run', 'look first'],
    ['$0 runs gc --dir sweeps/lr/runs', 'of other runs than those in ./runs'],
  ],
  request: (args) => ({ dry: args.flag('dry-run'), ...runsDirOf(args) }),
  run: collect,
});

async function collect({ dry, dir }: GcRequest, output: Output): Promise<number> {
  const [{ findGarbage, removeGarbage }, { formatBytes, formatCounted }, { shortPath }] = await Promise.all([
    import('../../../runs/store/garbage.ts'),
    import('../../../report/text/numbers.ts'),
    import('../../../report/runs/results.ts'),
  ]);
  // The list goes on past a run that cannot be read; the exit code says that there was one.
  let code: number = EXIT.ok;
  const garbage = await findGarbage(dir, (directory, error) => {
    if (code === EXIT.ok) code = error.exitCode;
    output.note(
      `${output.paint('yellow', 'left')}  ${printable(shortPath(directory), Number.POSITIVE_INFINITY)}  ${printable(error.message, 500)}`,
    );
  });
  if (!dry) removeGarbage(garbage);
  const bytes = garbage.reduce((sum, item) => sum + item.bytes, 0);
  if (output.json) {
    output.object({ removed: !dry, bytes, garbage });
    return code;
  }
  const word = dry ? 'would remove' : 'removed';
  for (const item of garbage) {
    output.result(`${word}  ${printable(shortPath(item.path), Number.POSITIVE_INFINITY)}  ${item.why}, ${formatBytes(item.bytes)}`);
  }
  output.result(garbage.length === 0 ? 'nothing to remove' : `${word} ${formatBytes(bytes)} in ${formatCounted(garbage.length, 'place')}`);
  return code;
}
