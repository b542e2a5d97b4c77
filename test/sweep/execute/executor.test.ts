import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { loadExperiment } from '../../../src/config/load.ts';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { configHash } from '../../../src/runs/checkpoint/basis.ts';
import type { Executor, Outcome, SweepPlace, TrialWork, WorkReport } from '../../../src/sweep/execute/executor.ts';
import { LocalExecutor } from '../../../src/sweep/execute/local.ts';
import { readSweep } from '../../../src/sweep/session/read.ts';
import { resumeSweep, sweep } from '../../../src/sweep/session/sweep.ts';
import type { Trial } from '../../../src/sweep/trial.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { POISON } from '../support/poison-rank.ts';
import { ASHA, digests, loaded, played, table } from '../support/sweep-case.ts';

const POISONED = { entry: new URL('../support/poison-rank.js', import.meta.url) };
/** One trial after the other: then the lines of the log have one order. */
const ALONE = ['run_cap=5', 'execution.cores=2', 'execution.trials=1', 'execution.workers_per_trial=1', 'parameters.optimizer.lr.max=1e9'];
/** One trial that fails, and one that diverges. */
const QUEUE = `enqueue: [{optimizer.lr: ${POISON.throws}, train.batch_size: 20}, {optimizer.lr: 1.0e+9}]\n`;

const json = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

type Run = Executor['run'];

/** The local executor behind another `run`. */
function behind(place: SweepPlace, wrap: (run: Run) => Run): Executor {
  const local = new LocalExecutor(place, { engine: POISONED });
  const run = wrap((...args) => local.run(...args));
  return { cores: local.cores, run, close: () => local.close() };
}

interface Played {
  log: string[];
  trials: Omit<Trial, 'seconds' | 'retries'>[];
  digests: Record<string, string>;
}

async function playedWith(t: ExecutionContext, more: string, wrap: (run: Run) => Run): Promise<Played> {
  const directory = path.join(temporary(t), 'sweep');
  const text = loaded(temporary(t), `${QUEUE}on_trial_error: {retries: 1}\n${more}`, ALONE);
  const { summary } = await played(sweep(text, { directory, executor: (place) => behind(place, wrap) }));
  const trials = summary.trials.filter(({ status }) => status === 'finished');
  return { log: logOf(directory), trials: table(summary), digests: digests(directory, { trials }) };
}

/** The lines of a log without what tells of the time and the process. */
function logOf(directory: string): string[] {
  const lines = readFileSync(path.join(directory, 'log.jsonl'), 'utf8').trimEnd().split('\n');
  const labels = new Set(['t', 'crc', 'at', 'pid', 'seconds']);
  return lines.map((line) => JSON.stringify(JSON.parse(line), (key, value: unknown) => (labels.has(key) ? undefined : value)));
}

for (const [title, more] of [
  ['', ''],
  [' on two seeds with asha', `seeds: 2\n${ASHA}`],
] as const) {
  test.serial(
    `a sweep${title} through an executor that gets and gives copies in JSON has the log and the table of a local one`,
    async (t) => {
      t.timeout(120_000);
      const works: TrialWork[] = [];
      const outcomes: Outcome[] = [];
      const copying =
        (run: Run): Run =>
        async (work, cores, signal, onReport) => {
          works.push(work);
          const outcome = await run(json(work), cores, signal, (report: WorkReport) => onReport(json(report)));
          outcomes.push(outcome);
          return json(outcome);
        };
      const expected = await playedWith(t, more, (run) => run);
      const copied = await playedWith(t, more, copying);
      t.deepEqual(copied.log, expected.log);
      t.deepEqual(copied.trials, expected.trials);
      t.deepEqual(copied.digests, expected.digests);
      t.true(Object.keys(copied.digests).length > 0);
      const kinds = new Set(outcomes.map(({ status }) => status));
      for (const kind of ['reached', 'diverged', 'failed'] as const) t.true(kinds.has(kind), kind);
      t.deepEqual([...new Set(works.map(({ attempt }) => attempt))].toSorted(), [0, 1]);
      for (const plain of [...works, ...outcomes]) {
        t.deepEqual(structuredClone<unknown>(plain), plain);
        t.deepEqual<unknown, unknown>(json(plain), withoutUndefined(plain));
      }
    },
  );
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, one]) => (one === undefined ? [] : [[key, withoutUndefined(one)]])));
}

test.serial('a work that is done twice, since nobody heard of the first time, comes to the same outcome', async (t) => {
  t.timeout(120_000);
  const twice =
    (run: Run): Run =>
    async (work, cores, signal, onReport) => {
      const first = await run(work, cores, signal, onReport);
      const second = await run(work, cores, signal, onReport);
      t.deepEqual({ ...second, seconds: 0 }, { ...first, seconds: 0 });
      return second;
    };
  const expected = await playedWith(t, ASHA, (run) => run);
  t.deepEqual(await playedWith(t, ASHA, twice), expected);
});

test.serial('what an executor throws is no result of a trial: the session ends, and the sweep goes on with another executor', async (t) => {
  t.timeout(60_000);
  const directory = path.join(temporary(t), 'sweep');
  const text = loaded(temporary(t), ASHA, ['run_cap=3', 'execution.cores=2']);
  let runs = 0;
  let closed = 0;
  const lost =
    (run: Run): Run =>
    (work, ...rest) => {
      if (runs++ < 2) return run(work, ...rest);
      const error = { code: 'E_ENGINE', where: 'redis://127.0.0.1', message: 'the connection is lost' } as const;
      return Promise.reject(new GradloomError(error));
    };
  const executor = (place: SweepPlace): Executor => {
    const real = behind(place, lost);
    const close = (): Promise<void> => {
      closed++;
      return real.close();
    };
    return { ...real, close };
  };
  const error = await t.throwsAsync(sweep(text, { directory, executor }).result, { instanceOf: GradloomError });
  t.is(error.code, 'E_ENGINE');
  t.is(error.exitCode, EXIT.unavailable);
  t.is(error.where, 'redis://127.0.0.1');
  t.is(error.next, `mend the cause, then: gradloom sweep resume ${directory}`);
  t.is(closed, 1);
  const state = readSweep(directory);
  t.is(state.status, 'interrupted');
  t.false(state.trials.some(({ status }) => status === 'failed'));
  const { summary } = await played(resumeSweep(directory));
  const straight = path.join(temporary(t), 'sweep');
  t.deepEqual(table(summary), table((await played(sweep(text, { directory: straight }))).summary));
});

test('the experiments of all files that are shipped survive JSON and a structured clone', (t) => {
  const configs = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../../../../configs');
  let count = 0;
  for (const file of readdirSync(configs)) {
    if (!file.endsWith('.yaml') || /^(?:parameters|measure|base):/m.test(readFileSync(path.join(configs, file), 'utf8'))) continue;
    const { experiment } = loadExperiment(path.join(configs, file));
    t.deepEqual(structuredClone(experiment), experiment, file);
    t.deepEqual<unknown, unknown>(json(experiment), withoutUndefined(experiment), file);
    t.is(configHash(json(experiment)), configHash(experiment), file);
    count++;
  }
  t.true(count > 3);
});
