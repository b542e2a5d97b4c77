import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { abort, controlBytes, GROUP_RANKS, groupArrivals, rankWords, WORD } from '../../../src/engine/plan/control.ts';
import { Aborted, Barrier } from '../../../src/engine/rank/barrier.ts';
import type { BarrierReport, BarrierTask } from '../support/barrier-thread.ts';
import { Dice } from '../support/samples.ts';

const MAX_WORKERS = 4;
/** More than two groups of ranks, the last of them not full. */
const MANY_WORKERS = 2 * GROUP_RANKS + 3;
const SEED = Number(process.env['GRADLOOM_TEST_SEED'] ?? 11);
const ABORTS = Number(process.env['GRADLOOM_TEST_CASES'] ?? 400);

const threads: Worker[] = [];
test.before(async () => {
  for (let rank = 0; rank < MANY_WORKERS; rank++)
    threads.push(new Worker(new URL('../support/barrier-thread.js', import.meta.url), { workerData: { rank } }));
  await Promise.all(threads.map((thread) => once(thread, 'online')));
});
test.after.always(async () => {
  await Promise.all(threads.map((thread) => thread.terminate()));
});

interface Round {
  control: Int32Array<SharedArrayBuffer>;
  reports: Promise<BarrierReport[]>;
}

/** Starts one task on the first `workers` threads. */
function start(
  workers: number,
  task: Omit<BarrierTask, 'control' | 'rounds' | 'workers' | 'cores'> & { cores?: number },
  abortBy?: number,
): Round {
  const control = new SharedArrayBuffer(controlBytes(workers));
  const rounds = new SharedArrayBuffer(4 * workers);
  const reports = threads.slice(0, workers).map(async (thread, rank) => {
    const report = once(thread, 'message') as Promise<[BarrierReport]>;
    const abortAt = abortBy === undefined || abortBy === rank ? task.abortAt : undefined;
    thread.postMessage({ cores: workers, ...task, control, rounds, workers, abortAt } satisfies BarrierTask);
    return (await report)[0];
  });
  return { control: new Int32Array(control), reports: Promise.all(reports) };
}

const SPINS = [0, 50, 2000];

for (let workers = 1; workers <= MAX_WORKERS; workers++) {
  for (const spinUs of SPINS) {
    // Long spins with more threads than cores take turns by the scheduler's clock.
    const count = spinUs > 1000 ? 30 : 1000;
    test.serial(`${workers} threads meet ${2 * count} times and see each other's writes, spinning ${spinUs} us`, async (t) => {
      t.timeout(60_000);
      const { control, reports } = start(workers, { spinUs, count, work: 300 });
      for (const { passed, aborted, mismatch } of await reports) {
        t.is(mismatch, undefined);
        t.false(aborted);
        t.is(passed, 2 * count);
      }
      t.is(control[WORD.generation], 2 * count);
      t.is(control[WORD.arrivals], 0);
      t.is(control[WORD.sleepers], 0);
      for (let rank = 0; rank < workers; rank++) t.is(control[rankWords(rank).arrived], 2 * count);
    });
  }
}

for (const [workers, cores] of [
  [4, 1],
  [4, 2],
  [4, 3],
  [MANY_WORKERS, 2],
  [MANY_WORKERS, MANY_WORKERS],
  [GROUP_RANKS, GROUP_RANKS],
  [GROUP_RANKS + 1, 64],
] as const) {
  test.serial(`${workers} ranks on ${cores} cores meet at every barrier and see each other's writes`, async (t) => {
    t.timeout(60_000);
    const count = workers > MAX_WORKERS ? 50 : 500;
    const { control, reports } = start(workers, { cores, spinUs: 20, count, work: 300 });
    for (const { passed, aborted, mismatch } of await reports) {
      t.is(mismatch, undefined);
      t.false(aborted);
      t.is(passed, 2 * count);
    }
    t.is(control[WORD.generation], 2 * count);
    t.is(control[WORD.arrivals], 0);
    t.is(control[WORD.sleepers], 0);
    for (let rank = 0; rank < workers; rank++) t.is(control[groupArrivals(rank, workers)], 0);
  });
}

test.serial('W10 an abort releases ranks that arrive by groups, wherever they are', async (t) => {
  t.timeout(60_000);
  for (const by of [0, GROUP_RANKS - 1, GROUP_RANKS, MANY_WORKERS - 1]) {
    const { control, reports } = start(MANY_WORKERS, { spinUs: 50, count: Infinity, abortAt: 3 }, by);
    for (const { aborted, mismatch } of await reports) {
      t.is(mismatch, undefined);
      t.true(aborted);
    }
    t.is(control[WORD.abort], by + 1);
    t.is(control[WORD.sleepers], 0);
  }
});

test.serial('a rank whose core another one needs does not spin, and one whose core nobody needs does', async (t) => {
  // Of three ranks two arrive; a spin of ten seconds would outlast the test, so who sleeps has not spun.
  const sleepersOf = async (cores: number): Promise<number> => {
    const control = new SharedArrayBuffer(controlBytes(3));
    const words = new Int32Array(control);
    const reports = threads.slice(0, 2).map((thread) => once(thread, 'message'));
    const task = { control, rounds: new SharedArrayBuffer(12), workers: 3, cores, spinUs: 1e7, count: 1 } satisfies BarrierTask;
    for (const thread of threads.slice(0, 2)) thread.postMessage(task);
    const arrived = (): boolean => [0, 1].every((rank) => Atomics.load(words, rankWords(rank).arrived) === 1);
    const wanted = Math.max(0, Math.min(2, 3 - cores));
    while (!arrived() || Atomics.load(words, WORD.sleepers) < wanted) await new Promise((resolve) => setImmediate(resolve));
    const sleepers = Atomics.load(words, WORD.sleepers);
    abort(words, 3);
    await Promise.all(reports);
    return sleepers;
  };
  t.is(await sleepersOf(1), 2, 'one core: the ranks to come need it');
  t.is(await sleepersOf(2), 1, 'two cores: the last to come needs one');
  t.is(await sleepersOf(3), 0, 'a core each: nobody needs to sleep');
});

test.serial('W10 a rank that aborts at barrier k releases its peers there: every k in 0..4, every rank, 1 to 4 threads', async (t) => {
  t.timeout(60_000);
  for (let workers = 1; workers <= MAX_WORKERS; workers++) {
    for (let by = 0; by < workers; by++) {
      for (let abortAt = 0; abortAt <= 4; abortAt++) {
        for (const spinUs of [0, 500]) {
          const place = `rank ${by} of ${workers} at barrier ${abortAt}, spin ${spinUs}`;
          const { control, reports } = start(workers, { spinUs, count: Infinity, abortAt }, by);
          for (const { rank, passed, aborted, mismatch } of await reports) {
            t.is(mismatch, undefined, place);
            t.true(aborted, place);
            // A peer may learn of the abort before it learns that the barrier ahead of it had opened.
            if (rank === by) t.is(passed, abortAt, place);
            else t.true(passed === abortAt || passed === abortAt - 1, `${place}: rank ${rank} passed ${passed}`);
          }
          t.is(control[WORD.abort], by + 1, place);
          t.is(control[WORD.sleepers], 0, `${place}: sleepers signed off`);
        }
      }
    }
  }
});

test.serial(`W10 ${ABORTS} aborts at random moments: no hang, release p99 < 50 ms, max < 500 ms (seed ${SEED})`, async (t) => {
  t.timeout(120_000);
  const dice = new Dice(SEED);
  const releases: number[] = [];
  for (let i = 0; i < ABORTS; i++) {
    const workers = dice.int(1, MAX_WORKERS);
    const { control, reports } = start(workers, { spinUs: dice.pick(SPINS), count: Infinity, work: dice.pick([0, 200, 20_000]) });
    if (dice.next() < 0.5) await new Promise((resolve) => setTimeout(resolve, dice.int(0, 3)));
    for (let spin = dice.int(0, 20_000); spin > 0; spin--) Atomics.load(control, WORD.generation);
    const at = process.hrtime.bigint();
    abort(control, workers);
    for (const { aborted, endedAt, mismatch } of await reports) {
      t.is(mismatch, undefined);
      t.true(aborted);
      releases.push(Math.max(0, Number(endedAt - at) / 1e6));
    }
    t.is(control[WORD.abort], workers + 1);
  }
  releases.sort((a, b) => a - b);
  const p99 = releases[Math.floor(releases.length * 0.99)]!;
  t.true(p99 < 50, `p99 ${p99} ms`);
  t.true(releases.at(-1) < 500, `max ${releases.at(-1)} ms`);
});

test.serial('a sleeping rank is found by an abort although nobody else ever arrives', async (t) => {
  const { control, reports } = start(1, { spinUs: 0, count: 1 });
  await reports;
  // Two ranks, of which only one exists: it must sleep.
  const alone = new SharedArrayBuffer(controlBytes(2));
  const words = new Int32Array(alone);
  const report = once(threads[0]!, 'message') as Promise<[BarrierReport]>;
  threads[0]!.postMessage({
    control: alone,
    rounds: new SharedArrayBuffer(8),
    workers: 2,
    cores: 2,
    spinUs: 0,
    count: 1,
  } satisfies BarrierTask);
  while (Atomics.load(words, WORD.sleepers) === 0) await new Promise((resolve) => setImmediate(resolve));
  const at = process.hrtime.bigint();
  abort(words, 0);
  const [{ aborted, passed, endedAt }] = await report;
  t.true(aborted);
  t.is(passed, 0);
  t.true(Number(endedAt - at) / 1e6 < 500);
  t.is(control[WORD.abort], 0, 'another run is untouched');
});

test('the first cause of an abort wins, and a broken barrier stays broken', (t) => {
  const control = new Int32Array(new SharedArrayBuffer(controlBytes(1)));
  abort(control, 2);
  abort(control, 0);
  t.is(control[WORD.abort], 3);
  const barrier = new Barrier(control, 0, { workers: 1, cores: 1, spinUs: 0 });
  t.throws(() => barrier.wait(), { instanceOf: Aborted });
  t.throws(() => barrier.wait(), { instanceOf: Aborted });
  t.is(control[rankWords(0).arrived], 0, 'nothing shared is written after an abort');
});

test('the barrier works past the end of the 31-bit generation', (t) => {
  const control = new Int32Array(new SharedArrayBuffer(controlBytes(1)));
  control[WORD.generation] = 0x7ffffffe;
  const barrier = new Barrier(control, 0, { workers: 1, cores: 1, spinUs: 0 });
  for (let i = 0; i < 4; i++) barrier.wait();
  t.is(control[WORD.generation], (0x7ffffffe + 4) | 0);
});

test('no two writers share a cache line of the control words', (t) => {
  // Processors fetch lines of 64 bytes in pairs.
  const pairs = new Set<number>();
  const workers = 2 * GROUP_RANKS + 1;
  const ranks = Array.from({ length: workers }, (_, rank) => rank);
  const groups = [0, GROUP_RANKS, 2 * GROUP_RANKS].map((rank) => groupArrivals(rank, workers));
  const words = [...Object.values(WORD), ...ranks.map((rank) => rankWords(rank).arrived), ...groups];
  for (const word of words) pairs.add(Math.floor((word * 4) / 128));
  t.is(pairs.size, words.length);
  for (const rank of ranks) {
    const { arrived, beat, call } = rankWords(rank);
    t.is(Math.floor(beat / 32), Math.floor(arrived / 32));
    t.is(Math.floor(call / 32), Math.floor(arrived / 32));
    // The line after it holds the rank's clocks.
    t.true((arrived + 64) * 4 <= controlBytes(rank + 1));
  }
  t.true((Math.max(...groups) + 32) * 4 <= controlBytes(workers));
});
