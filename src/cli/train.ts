import { printable } from '../errors.ts';
import { type Arguments, defineCommand, type ExitNow } from './command.ts';
import { showNotices } from './notices.ts';
import type { Output } from './output.ts';
import { FILE_AND_OVERRIDES, fileOf } from './positionals.ts';
import { Stop } from './signals.ts';
import type { TrainView } from './train-view.ts';

interface TrainRequest {
  file: string;
  overrides: readonly string[];
}

/** `gradloom train`. */
export const train = defineCommand<TrainRequest>({
  positionals: FILE_AND_OVERRIDES,
  describe: 'Train an experiment and write its run directory',
  options: {
    workers: { value: 'N', describe: 'worker threads, or auto; the same as parallel.workers=N' },
    dir: { value: 'DIR', describe: 'parent of the run directory; the same as track.dir=DIR' },
  },
  examples: [
    ['$0 train configs/seed.yaml', 'train as the file says'],
    ['$0 train configs/seed.yaml optimizer.lr=3e-3 train.epochs=5', 'change values'],
    ['$0 train configs/seed.yaml model.layers.0.units=64 +tags.0=small', 'change an item of a list, add a key'],
    ['$0 train configs/seed.yaml --workers 2 --json > summary.json', 'two threads, the summary as JSON'],
  ],
  request: (args) => {
    const { file, overrides } = fileOf(args);
    const workers = workersOf(args);
    const dir = args.text('dir');
    if (workers !== undefined) overrides.push(`parallel.workers=${workers}`);
    // As a quoted text, so that a directory named 1 or ~ stays one.
    if (dir !== undefined) overrides.push(`track.dir=${JSON.stringify(dir)}`);
    return { file, overrides };
  },
  run: runTrain,
});

function workersOf(args: Arguments): string | undefined {
  const given = args.text('workers');
  if (given === undefined || given === 'auto' || /^\d+$/.test(given)) return given;
  throw args.error(`--workers: expected a whole number or auto; got ${printable(given)}`);
}

async function runTrain(request: TrainRequest, output: Output, exitNow: ExitNow): Promise<number> {
  let view: TrainView | undefined;
  const stop = new Stop({
    onFirst: (signal) => {
      const text = `${signal}: finishing the step and saving; once more to stop at once`;
      if (view === undefined) output.note(text);
      else view.say(text);
    },
    onSecond: (code) => {
      view?.clear();
      exitNow(code);
    },
  });
  try {
    const { loadExperiment } = await import('../config/load.ts');
    const loaded = loadExperiment(request.file, { overrides: request.overrides });
    showNotices(loaded.notices, output);
    const [runs, { TrainView }] = await Promise.all([import('../runs/train.ts'), import('./train-view.ts')]);
    view = new TrainView(output);
    const run = runs.train(loaded, { signal: stop.signal });
    for await (const event of run) view.show(event);
    const summary = await run.result;
    if (output.json) output.object(summary);
    view.showResults(summary);
    return summary.status === 'interrupted' ? (stop.exitCode ?? 0) : 0;
  } finally {
    stop.release();
  }
}
