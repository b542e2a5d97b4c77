import { defineCommand, type ExitNow } from '../../arguments/command.ts';
import { configFile, withBase } from '../../arguments/config-file.ts';
import { fileAndOverrides, fileOf } from '../../arguments/positionals.ts';
import { SEARCH_OPTIONS, settingsOf } from '../../arguments/sweeps.ts';
import { showNotices } from '../../terminal/notices.ts';
import type { Output } from '../../terminal/output.ts';
import { showSession } from '../../views/sweep-session.ts';

interface RunRequest {
  file: string;
  overrides: readonly string[];
  /** The experiment, where the sweep file names none. */
  base: string | undefined;
  /** Parent of the sweep's directory. */
  dir: string | undefined;
}

/** `gradloom sweep run`, and `gradloom sweep FILE`. */
export const sweepRun = defineCommand<RunRequest>({
  positionals: fileAndOverrides('sweep file, or experiment whose values are varied (YAML)'),
  describe: 'Search hyperparameters as a sweep file says, or as the arguments do: key=1,2,3 is a grid, key=loguniform(a,b) is random',
  options: {
    ...SEARCH_OPTIONS,
    dir: { value: 'DIR', describe: "parent of the sweep's directory; default ./sweeps" },
  },
  examples: [
    ['$0 sweep run configs/sweep-tpe-asha.yaml', 'as the file says, on all cores; the word run may be left out'],
    ['$0 sweep configs/sweep-tpe-asha.yaml run_cap=20 train.batch_size=32', "change the sweep, or fix a value of the experiment's"],
    ['$0 sweep configs/mnist.yaml optimizer.lr=0.1,0.2,0.4 train.batch_size=64,128', 'a grid of six'],
    ["$0 sweep configs/mnist.yaml 'optimizer.lr=loguniform(1e-3,1)' metric.name=val.accuracy -n 20", 'twenty random ones'],
  ],
  request: (args) => {
    const { file, overrides } = fileOf(args);
    return { file, overrides: [...overrides, ...settingsOf(args)], base: args.text('base'), dir: args.text('dir') };
  },
  run: runSweep,
});

function runSweep({ file, overrides, base, dir }: RunRequest, output: Output, exitNow: ExitNow): Promise<number> {
  return showSession(output, exitNow, async (signal) => {
    const { loadSweep } = await import('../../../sweep/file/load.ts');
    const loaded = loadSweep(await configFile(file, output), { overrides: await withBase(overrides, base, output) });
    showNotices(loaded.notices, output);
    const { sweep } = await import('../../../sweep/session/sweep.ts');
    return { run: sweep(loaded, { signal, parent: dir }), settings: loaded.settings };
  });
}
