import { defineCommand } from '../../arguments/command.ts';
import { readSweepOf, SWEEP_WORD, sweepOf } from '../../arguments/sweeps.ts';
import type { Output } from '../../terminal/output.ts';

/** `gradloom sweep status`. */
export const sweepStatus = defineCommand<string>({
  positionals: SWEEP_WORD,
  describe: 'Show the trials of a sweep, best first, its rungs and what is running; also while it runs',
  options: {},
  examples: [
    ['$0 sweep status', 'of the latest sweep in ./sweeps'],
    ['$0 sweep status sweeps/mnist-asha-7f3c1a --json', 'for programs'],
  ],
  request: sweepOf,
  run: showStatus,
});

async function showStatus(word: string, output: Output): Promise<number> {
  const state = await readSweepOf(word);
  if (output.json) {
    const { sweepObject } = await import('../../../report/sweep/files.ts');
    output.object(sweepObject(state));
    return 0;
  }
  const { renderSweep } = await import('../../../report/sweep/sweep.ts');
  output.answer(renderSweep(state, output.look(process.stdout)));
  return 0;
}
