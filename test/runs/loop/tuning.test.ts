import test from 'ava';
import type { PhaseSeconds } from '../../../src/engine/plan/control.ts';
import { GradloomError } from '../../../src/errors.ts';
import type { RunEvent } from '../../../src/runs/events.ts';
import { type Tunable, Tuning } from '../../../src/runs/loop/tuning.ts';
import { determinedFiles, finished, runTree, temporary } from '../support/run-tree.ts';

/** An engine on a machine of known costs: work that its workers share, and barriers that cost a step so much for each worker. */
class Machine implements Tunable {
  readonly plan: { workers: number };
  readonly stepSeconds: number;
  readonly #work: number;
  #steps = 0;
  isClosed = false;

  constructor(workers: number, work: number, barrier: number) {
    this.plan = { workers };
    this.#work = work;
    this.stepSeconds = work / workers + barrier * (workers - 1);
  }

  step(steps: number): void {
    this.#steps += steps;
  }

  phaseSeconds(): PhaseSeconds[] {
    const compute = (this.#steps * this.#work) / this.plan.workers;
    const wait = this.#steps * this.stepSeconds - compute;
    return Array.from({ length: this.plan.workers }, () => ({ compute, wait, reduce: 0 }));
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

interface Outcome {
  engine: Machine;
  started: Machine[];
  events: RunEvent[];
}

/** Trains in looks of 200 ms until tuning is over, as a run would. */
async function tune(workers: number, costs: { work: number; barrier: number }, fixed = false): Promise<Outcome> {
  const events: RunEvent[] = [];
  const machine = (count: number): Machine => new Machine(count, costs.work, costs.barrier);
  const started = [machine(workers)];
  let engine = started[0] as Machine;
  const start = (count: number): Promise<Machine> => {
    started.push(machine(count));
    return Promise.resolve(started.at(-1));
  };
  const tuning = new Tuning<Machine>({ start: fixed ? undefined : start, tell: (event) => events.push(event) });
  for (let look = 0; look < 60; look++) {
    const steps = Math.max(1, Math.round(0.2 / engine.stepSeconds));
    engine.step(steps);
    tuning.took(steps, steps * engine.stepSeconds);
    engine = await tuning.next(engine);
  }
  await tuning.close();
  return { engine, started, events };
}

const workersOf = ({ started }: Outcome): number[] => started.map(({ plan }) => plan.workers);

test('workers that share the work well are left alone', async (t) => {
  const outcome = await tune(8, { work: 8e-3, barrier: 5e-6 });
  t.deepEqual(workersOf(outcome), [8]);
  t.deepEqual(outcome.events, []);
});

test('where barriers cost most, halves are tried down to one worker', async (t) => {
  const outcome = await tune(8, { work: 10e-6, barrier: 20e-6 });
  t.deepEqual(workersOf(outcome), [8, 4, 2, 1]);
  t.is(outcome.engine.plan.workers, 1);
  const changes = outcome.events.flatMap((event) => (event.type === 'workers' ? [[event.before, event.workers]] : []));
  t.deepEqual(changes, [
    [8, 4],
    [4, 2],
    [2, 1],
  ]);
});

test('halving ends where the workers are busy', async (t) => {
  const outcome = await tune(16, { work: 400e-6, barrier: 10e-6 });
  // 16: 175 us a step, of which 25 are work; 8: 120, of which 50; 4: 130, of which 100.
  t.deepEqual(workersOf(outcome), [16, 8, 4]);
  t.is(outcome.engine.plan.workers, 8, 'four are busier, but no faster');
  t.true(
    outcome.started.every((engine) => engine.isClosed === (engine !== outcome.engine)),
    'all others are closed',
  );
});

test('the event tells how much faster a step is', async (t) => {
  const { events } = await tune(2, { work: 10e-6, barrier: 15e-6 });
  t.like(events[0], { type: 'workers', before: 2, workers: 1 });
  t.true(events[0]?.type === 'workers' && Math.abs(events[0].speedup - 2) < 1e-9);
});

test('a fixed number of workers stays, and a warning says that one would be faster', async (t) => {
  const outcome = await tune(2, { work: 10e-6, barrier: 15e-6 }, true);
  t.deepEqual(workersOf(outcome), [2]);
  t.is(outcome.events.length, 1);
  t.like(outcome.events[0], { type: 'warning', code: 'W_FEWER_WORKERS' });
  t.regex(
    (outcome.events[0] as { message: string }).message,
    /the 2 workers mostly wait .* 2\.0 times as fast, .* parallel\.workers to auto or 1/,
  );
});

test('slow steps end it without a trial', async (t) => {
  const outcome = await tune(2, { work: 0.1, barrier: 0.2 });
  t.deepEqual(workersOf(outcome), [2]);
});

test('a second engine that cannot start leaves the first', async (t) => {
  const engine = new Machine(2, 10e-6, 15e-6);
  const refuse = (): Promise<Machine> => Promise.reject(new GradloomError({ code: 'E_MEMORY', message: 'no memory' }));
  const tuning = new Tuning<Machine>({ start: refuse, tell: () => undefined });
  for (let look = 0; look < 3; look++) {
    engine.step(1000);
    tuning.took(1000, 1000 * engine.stepSeconds);
    t.is(await tuning.next(engine), engine);
  }
  t.false(engine.isClosed);
});

test('a run that may change its workers has the bytes of one that may not', async (t) => {
  const tree = {
    name: 'tuned',
    seed: 5,
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 400, features: 6 }, normalize: 'zscore' },
    model: {
      layers: [
        { type: 'dense', units: 8, batch_norm: true, activation: 'relu', dropout: 0.2 },
        { type: 'dense', units: 3 },
      ],
    },
    optimizer: { type: 'adam', lr: 0.003 },
    train: { batch_size: 16, epochs: 50, average: 'ema' },
  };
  const free = await runTree({ ...tree, parallel: { workers: 'auto' } }, temporary(t));
  const fixed = await runTree({ ...tree, parallel: { workers: 1 } }, temporary(t));
  t.is(finished(free).digest, finished(fixed).digest);
  t.deepEqual(determinedFiles(free.directory as string), determinedFiles(fixed.directory as string));
});
