import type { MetricsAddress } from '../../../remote/metrics/server.ts';
import type { LoadedSweep } from '../../../sweep/file/load.ts';
import { defineCommand, type ExitNow } from '../../arguments/command.ts';
import { configFile, withBase } from '../../arguments/config-file.ts';
import { fileAndOverrides, fileOf } from '../../arguments/positionals.ts';
import { METRICS_OPTION, metricsOf, QUEUE_OPTIONS, type QueueRequest, queueOf } from '../../arguments/queue.ts';
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
  /** Trials are trained by agents. */
  queue: QueueRequest | undefined;
  /** Return at once. */
  detach: boolean;
  metrics: MetricsAddress | undefined;
}

/** `gradloom sweep run`, and `gradloom sweep FILE`. */
export const sweepRun = defineCommand<RunRequest>({
  positionals: fileAndOverrides('sweep file, or experiment whose values are varied (YAML)'),
  describe: 'Search hyperparameters as a sweep file says, or as the arguments do: key=1,2,3 is a grid, key=loguniform(a,b) is random',
  options: {
    ...SEARCH_OPTIONS,
    dir: { value: 'DIR', describe: "parent of the sweep's directory; default ./sweeps" },
    ...QUEUE_OPTIONS,
    ...METRICS_OPTION,
    detach: { describe: 'with --queue: return at once, the sweep goes on in the background' },
  },
  examples: [
    ['$0 sweep run configs/sweep-tpe-asha.yaml', 'as the file says, on all cores; the word run may be left out'],
    ['$0 sweep configs/sweep-tpe-asha.yaml run_cap=20 train.batch_size=32', "change the sweep, or fix a value of the experiment's"],
    ['$0 sweep configs/mnist.yaml optimizer.lr=0.1,0.2,0.4 train.batch_size=64,128', 'a grid of six'],
    ['$0 sweep configs/sweep-tpe-asha.yaml --queue redis://127.0.0.1:6379 --store file:/mnt/runs', 'trained by agents: gradloom agent'],
    ["$0 sweep configs/mnist.yaml 'optimizer.lr=loguniform(1e-3,1)' metric.name=val.accuracy -n 20", 'twenty random ones'],
  ],
  request: (args) => {
    const { file, overrides } = fileOf(args);
    const queue = queueOf(args);
    const detach = args.flag('detach');
    if (detach && queue === undefined) throw args.error('--detach goes with --queue URL');
    const settings = [...overrides, ...settingsOf(args)];
    const metrics = metricsOf(args);
    return { file, overrides: settings, base: args.text('base'), dir: args.text('dir'), queue, detach, metrics };
  },
  run: runSweep,
});

async function runSweep(request: RunRequest, output: Output, exitNow: ExitNow): Promise<number> {
  const { queue, detach, metrics, dir: parent } = request;
  if (queue === undefined) {
    return showSession(output, exitNow, async (signal) => {
      const { loaded, sweep } = await load(request, output);
      return { run: sweep(loaded, { signal, parent }), settings: loaded.settings };
    });
  }
  const { showQueueSession } = await import('../../views/queue-session.ts');
  return showQueueSession(output, exitNow, { queue, detach, metrics }, async () => {
    const { loaded, sweep } = await load(request, output);
    return { settings: loaded.settings, start: (options) => sweep(loaded, { ...options, parent }) };
  });
}

async function load(
  { file, overrides, base }: RunRequest,
  output: Output,
): Promise<{ loaded: LoadedSweep; sweep: typeof import('../../../sweep/session/sweep.ts').sweep }> {
  const { loadSweep } = await import('../../../sweep/file/load.ts');
  const loaded = loadSweep(await configFile(file, output), { overrides: await withBase(overrides, base, output) });
  showNotices(loaded.notices, output);
  const { sweep } = await import('../../../sweep/session/sweep.ts');
  return { loaded, sweep };
}
