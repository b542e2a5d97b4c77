import { defineCommand } from '../../arguments/command.ts';
import { readSweepOf, SWEEP_WORD, sweepOf } from '../../arguments/sweeps.ts';
import type { Output } from '../../terminal/output.ts';

/** `gradloom sweep importance`. */
export const sweepImportanceCommand = defineCommand<string>({
  positionals: SWEEP_WORD,
  describe: "Show how much of the metric's differences each parameter explains (fANOVA on a random forest)",
  options: {},
  examples: [
    ['$0 sweep importance', 'of the latest sweep in ./sweeps'],
    ['$0 sweep importance sweeps/mnist-asha-7f3c1a --json', 'for programs'],
  ],
  request: sweepOf,
  run: showImportance,
});

async function showImportance(word: string, output: Output): Promise<number> {
  const state = await readSweepOf(word);
  const { requireImportance } = await import('../../../sweep/importance/of-sweep.ts');
  const importance = requireImportance(state);
  if (output.json) {
    output.object(importance);
    return 0;
  }
  const { renderImportance } = await import('../../../report/sweep/sweep.ts');
  output.answer(renderImportance(importance, output.look(process.stdout)));
  return 0;
}
