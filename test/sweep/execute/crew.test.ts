import test from 'ava';
import { Crew, type Task } from '../../../src/sweep/execute/crew.ts';

interface Play {
  task: Task;
  workers: number[];
  /** Ends the run under way. */
  end(isPaused?: boolean): void;
}

/** A task that runs until it is told to end; one that is asked to pause does so at once. */
function play(priority: number, secondsLeft = 0, maxWorkers = 16): Play {
  const workers: number[] = [];
  let resolve: (isPaused: boolean) => void = () => undefined;
  const task: Task = {
    priority: [priority, 0],
    maxWorkers,
    run: (count) => {
      workers.push(count);
      return new Promise((settle) => (resolve = settle));
    },
    pause: () => resolve(true),
    secondsLeft: () => secondsLeft,
  };
  return { task, workers, end: (isPaused = false) => resolve(isPaused) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const auto = { trials: 'auto', workers_per_trial: 'auto' } as const;

test('by default tasks run side by side with one worker each, by priority', async (t) => {
  const crew = new Crew(auto, 2, () => undefined);
  const plays = [play(3), play(1), play(2)];
  for (const { task } of plays) crew.push(task);
  await turn();
  t.deepEqual(
    plays.map(({ workers }) => workers),
    [[], [1], [1]],
  );
  plays[1]?.end();
  await turn();
  t.deepEqual(plays[0]?.workers, [1]);
});

test('tasks that are fewer than cores share them', async (t) => {
  const crew = new Crew(auto, 4, () => undefined);
  const [a, b] = [play(1), play(2, 0, 1)];
  crew.push(a.task);
  crew.push(b.task);
  await turn();
  t.deepEqual([a.workers, b.workers], [[2], [1]], 'the second one has no use for two');
});

for (const [title, execution, cores, limit, workers] of [
  ['given trials share the cores', { trials: 2, workers_per_trial: 'auto' }, 8, 2, 4],
  ['given workers limit the trials', { trials: 'auto', workers_per_trial: 3 }, 8, 2, 3],
  ['both given are taken as they are', { trials: 3, workers_per_trial: 2 }, 2, 3, 2],
  ['more workers than cores still run one trial', { trials: 'auto', workers_per_trial: 4 }, 2, 1, 4],
] as const) {
  test(`${title}: ${limit} side by side, ${workers} workers each`, async (t) => {
    const crew = new Crew(execution, cores, () => undefined);
    t.is(crew.limit, limit);
    const plays = Array.from({ length: 5 }, (_, i) => play(i));
    for (const { task } of plays) crew.push(task);
    await turn();
    t.deepEqual(
      plays.map((one) => one.workers),
      plays.map((_, i) => (i < limit ? [workers] : [])),
    );
  });
}

test('cores that stay idle go to the task that the next decision waits for, if it has long to go', async (t) => {
  const crew = new Crew(auto, 3, () => undefined);
  const [short, long, first] = [play(0, 0.1), play(2, 60), play(1, 60)];
  for (const { task } of [short, long, first]) crew.push(task);
  crew.start();
  await turn();
  short.end();
  const started = performance.now();
  while (first.workers.length < 2 && performance.now() - started < 5000) await new Promise((resolve) => setTimeout(resolve, 20));
  crew.stop();
  t.deepEqual([short.workers, long.workers, first.workers], [[1], [1], [1, 2]]);
});

test('what is dropped does not run again, nor does anything after a stop', async (t) => {
  let idle = 0;
  const crew = new Crew(auto, 1, () => idle++);
  const [running, waiting, late] = [play(1), play(2), play(3)];
  crew.push(running.task);
  crew.push(waiting.task);
  await turn();
  crew.drop((task) => task === running.task);
  await turn();
  t.deepEqual([running.workers, waiting.workers], [[1], [1]]);
  crew.stop();
  crew.push(late.task);
  await turn();
  t.deepEqual(late.workers, []);
  t.true(crew.isIdle);
  t.true(idle > 0);
});

test('a task that is paused runs again, with the cores that are free by then', async (t) => {
  const crew = new Crew(auto, 2, () => undefined);
  const [a, b] = [play(1), play(2)];
  crew.push(a.task);
  crew.push(b.task);
  await turn();
  b.end();
  await turn();
  a.end(true);
  await turn();
  t.deepEqual(a.workers, [1, 2]);
});
