import { printable } from '../../../errors.ts';
import { defineCommand } from '../../arguments/command.ts';
import { configFile, withBase } from '../../arguments/config-file.ts';
import { fileAndOverrides, fileOf } from '../../arguments/positionals.ts';
import { SEARCH_OPTIONS, settingsOf } from '../../arguments/sweeps.ts';
import { showNotices } from '../../terminal/notices.ts';
import type { Output } from '../../terminal/output.ts';

interface PlanRequest {
  file: string;
  overrides: readonly string[];
  /** The experiment, where the sweep file names none. */
  base: string | undefined;
  /** Where the known trials go, as `enqueue` takes them. */
  saveTrials: string | undefined;
}

/** `gradloom sweep plan`. */
export const sweepPlan = defineCommand<PlanRequest>({
  positionals: fileAndOverrides('sweep file or experiment (YAML)'),
  describe: 'Show what a sweep would do, without doing it: trials or rungs, time from a short probe, memory, duplicates',
  options: {
    ...SEARCH_OPTIONS,
    'save-trials': { value: 'FILE', describe: 'write the trials that are known before the first result, as a list for enqueue' },
  },
  examples: [
    ['$0 sweep plan configs/sweep-tpe-asha.yaml', 'rungs, budget, time and memory'],
    ['$0 sweep plan configs/mnist.yaml optimizer.lr=0.1,0.2,0.4 train.batch_size=64,128', 'every trial of a grid'],
    ['$0 sweep plan wandb-sweep.yaml --base configs/mnist.yaml --rename layer_1_size=model.layers.0.units', "a sweep file of W&B's"],
    ["$0 sweep plan configs/mnist.yaml 'optimizer.lr=loguniform(1e-3,1)' -n 20 --save-trials t.yaml", 'of a random search'],
  ],
  request: (args) => {
    const { file, overrides } = fileOf(args);
    return { file, overrides: [...overrides, ...settingsOf(args)], base: args.text('base'), saveTrials: args.text('save-trials') };
  },
  run: showPlan,
});

async function showPlan({ file, overrides, base, saveTrials }: PlanRequest, output: Output): Promise<number> {
  const [{ loadSweep }, { schemaNotice }] = await Promise.all([
    import('../../../sweep/file/load.ts'),
    import('../../../config/text/modeline.ts'),
  ]);
  const loaded = loadSweep(await configFile(file, output), { overrides: await withBase(overrides, base, output) });
  const misled = schemaNotice(loaded.file);
  showNotices([...loaded.notices, ...(misled === undefined ? [] : [misled])], output);
  const { planSweep } = await import('../../../sweep/session/plan.ts');
  const plan = await planSweep(loaded);
  if (saveTrials !== undefined) {
    const [{ writeOutput }, { yamlOf }] = await Promise.all([import('../../../storage/atomic.ts'), import('../../../config/resolved.ts')]);
    await writeOutput(saveTrials, yamlOf({ enqueue: plan.known.map(({ assignment }) => assignment) }));
    output.note(`saved  ${printable(saveTrials, Number.POSITIVE_INFINITY)}`);
  }
  if (output.json) {
    output.object({ settings: loaded.settings, ...plan });
    return 0;
  }
  const { renderPlan } = await import('../../../report/sweep/plan.ts');
  output.answer(renderPlan(plan, loaded.settings, output.look(process.stdout)));
  return 0;
}
