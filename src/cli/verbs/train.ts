import { literalPath } from '../../config/tree/path-text.ts';
import type { LoadedExperiment } from '../../config/validate.ts';
import type { Team } from '../../engine/team/team.ts';
import { printable } from '../../errors.ts';
import type { Reusable } from '../../runs/prepare/reuse.ts';
import { defineCommand, type ExitNow, usageError } from '../arguments/command.ts';
import { configFile } from '../arguments/config-file.ts';
import { FILE_AND_OVERRIDES, fileOf, workersOf } from '../arguments/positionals.ts';
import { WATCH_OPTION } from '../arguments/watch.ts';
import { showNotices } from '../terminal/notices.ts';
import type { Output } from '../terminal/output.ts';
import { followRun } from '../views/follow.ts';
import { inTeam, trainOn } from '../views/team.ts';

interface TrainRequest {
  file: string;
  /** Only if there is no run of the same identity yet. */
  needed: boolean;
  overrides: readonly string[];
  /** Again whenever the file changes. */
  watch: boolean;
  /** Machines to train on together, as they were given. */
  hosts?: string;
}

/** `gradloom train`. */
export const train = defineCommand<TrainRequest>({
  positionals: FILE_AND_OVERRIDES,
  describe: 'Train an experiment and write its run directory',
  options: {
    workers: { value: 'N', describe: 'worker threads, or auto; the same as parallel.workers=N' },
    dir: { value: 'DIR', describe: 'parent of the run directory; the same as track.dir=DIR' },
    hosts: { value: 'LIST', describe: 'train on these machines together, by mpirun: a:1,b:1 for one rank on each; see docs/mpi.md' },
    ...WATCH_OPTION,
    needed: {
      describe: 'do only what is not done yet: reuse a finished run of the same identity, resume a broken off one, continue a shorter one',
    },
  },
  examples: [
    ['$0 train configs/seed.yaml', 'train as the file says'],
    ['$0 train configs/seed.yaml optimizer.lr=3e-3 train.epochs=5', 'change values'],
    ['$0 train configs/seed.yaml model.layers.0.units=64 +tags.0=small', 'change an item of a list, add a key'],
    ['$0 train configs/seed.yaml --needed', 'does nothing the second time: the same experiment, data and kernels give the same result'],
    [
      '$0 train configs/mnist.yaml data.split.folds=5 data.split.by=stratify',
      'cross-validation: a run a fold, their mean and its interval',
    ],
    ['$0 train configs/mnist.yaml --hosts a:1,b:1', 'on two machines together, with the bits of one; needs MPI'],
    ['$0 train configs/seed.yaml --workers 2 --json > summary.json', 'two threads, the summary as JSON'],
  ],
  request: (args) => {
    const { file, overrides } = fileOf(args);
    const workers = workersOf(args);
    const dir = args.text('dir');
    if (workers !== undefined) overrides.push(`parallel.workers=${workers}`);
    // The shell has read it: a directory named 1, ~ or $x stays one.
    if (dir !== undefined) overrides.push(`track.dir=${JSON.stringify(literalPath(dir))}`);
    const hosts = args.text('hosts');
    const watch = args.flag('watch');
    if (watch && hosts !== undefined) throw args.error('--watch and --hosts: only a training by one process can be watched');
    return { file, overrides, needed: args.flag('needed'), watch, ...(hosts !== undefined && { hosts }) };
  },
  run: (request, output, exitNow) =>
    request.hosts === undefined
      ? inTeam(output, (team) => trainOrWatch(request, output, exitNow, team))
      : trainOn(request.hosts, ['train', request.file, ...request.overrides, ...(request.needed ? ['--needed'] : [])], output),
});

async function trainOrWatch(request: TrainRequest, output: Output, exitNow: ExitNow, team: Team | undefined): Promise<number> {
  const file = await configFile(request.file, output);
  if (!request.watch) return runTrain({ ...request, file }, output, exitNow, team);
  if (team !== undefined) throw usageError(`--watch is for one process, and this is one of ${team.members} ranks`, 'train');
  const { whenever } = await import('../views/watch.ts');
  return whenever(file, output, exitNow, (change) => runTrain({ ...request, file }, output, exitNow, undefined, change));
}

/** @param change  stops the training, too */
async function runTrain(
  { file, overrides, needed }: TrainRequest,
  output: Output,
  exitNow: ExitNow,
  team: Team | undefined,
  change?: AbortSignal,
): Promise<number> {
  const both = (signal: AbortSignal): AbortSignal => (change === undefined ? signal : AbortSignal.any([signal, change]));
  const [{ loadExperiment }, { foldsToTrain }] = await Promise.all([import('../../config/load.ts'), import('../../config/folds.ts')]);
  const loaded = loadExperiment(file, { overrides });
  showNotices(loaded.notices, output);
  const folds = foldsToTrain(loaded.experiment);
  if (team !== undefined && (folds !== undefined || needed))
    throw usageError(`${needed ? '--needed' : 'data.split.folds'} is for one process, and this is one of ${team.members} ranks`, 'train');
  const engine = { team };
  if (folds !== undefined) return trainFolds(loaded, folds, needed, output, exitNow, both);
  return followRun(
    async (stopped) => {
      const signal = both(stopped);
      if (!needed) return (await import('../../runs/training/train.ts')).train(loaded, { signal, engine });
      const { trainNeeded } = await import('../../runs/training/needed.ts');
      const { run, found } = await trainNeeded(loaded, { signal });
      if (found !== undefined) output.note(reuseText(found));
      return run;
    },
    output,
    exitNow,
  );
}

async function trainFolds(
  loaded: LoadedExperiment,
  folds: number,
  needed: boolean,
  output: Output,
  exitNow: ExitNow,
  both: (signal: AbortSignal) => AbortSignal,
): Promise<number> {
  if (needed)
    throw usageError('--needed is for one run, and data.split.folds asks for one a fold; gradloom resume goes on with them', 'train');
  const [{ crossValidate }, { followFolds }] = await Promise.all([
    import('../../sweep/folds/cross-validate.ts'),
    import('../views/folds.ts'),
  ]);
  return followFolds(folds, (signal) => crossValidate(loaded, { signal: both(signal) }), output, exitNow);
}

function reuseText(found: Reusable): string {
  const id = printable(found.run.record.id);
  if (found.kind === 'prefix') return `continues ${id} from step ${found.prefix.step}: the same training but for its length`;
  return found.kind === 'finished' ? `reusing ${id}: finished, with the same identity` : `resuming ${id}: the same identity`;
}
