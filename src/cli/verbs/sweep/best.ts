import { defineCommand } from '../../arguments/command.ts';
import { readSweepOf, SWEEP_WORD, sweepOf } from '../../arguments/sweeps.ts';
import type { Output } from '../../terminal/output.ts';

interface BestRequest {
  sweep: string;
  /** Print the experiment in place of the result. */
  config: boolean;
}

/** `gradloom sweep best`. */
export const sweepBest = defineCommand<BestRequest>({
  positionals: SWEEP_WORD,
  describe: 'Show the best trial of a sweep, or print its experiment to train it',
  options: { config: { describe: 'print the experiment of the best trial as YAML' } },
  examples: [
    ['$0 sweep best', 'its metric, its values, and how to train it'],
    ['$0 sweep best sweeps/mnist-asha-7f3c1a --config > best.yaml', 'then: gradloom train best.yaml'],
  ],
  request: (args) => {
    if (args.flag('config') && args.flag('json')) throw args.error('--config and --json: give one of them');
    return { sweep: sweepOf(args), config: args.flag('config') };
  },
  run: showBest,
});

async function showBest({ sweep: word, config }: BestRequest, output: Output): Promise<number> {
  const state = await readSweepOf(word);
  const [{ bestTrial, trialConfig }, { partOf }] = await Promise.all([
    import('../../../sweep/replay/best.ts'),
    import('../../../sweep/schedulers/trained-to-end.ts'),
  ]);
  const best = bestTrial(state);
  const part = partOf(state, best);
  if (config) {
    if (part !== undefined) output.note(`notice  trial ${best.number} was trained for ${part} only; this is its experiment in full length`);
    output.answer(trialConfig(state, best));
    return 0;
  }
  if (output.json) {
    output.object({ sweep: state.id, metric: state.settings.metric, isTrainedToEnd: part === undefined, trial: best });
    return 0;
  }
  const { renderBest } = await import('../../../report/sweep/sweep.ts');
  output.answer(renderBest(state, best, output.look(process.stdout)));
  return 0;
}
