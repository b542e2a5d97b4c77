import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { abort, controlBytes, rankWords, WORD } from '../../../src/engine/plan/control.ts';
import { Aborted, Barrier } from '../../../src/engine/rank/barrier.ts';
import type { BarrierReport, BarrierTask } from '../support/barrier-thread.ts';
import { Dice } from '../support/samples.ts';

const MAX_WORKERS = 4;
const SEED = Number(process.env['GRADLOOM_TEST_SEED'] ?? 11);
const ABORTS = Number(process.env['GRADLOOM_TEST_CASES'] ?? 400);

const threads: Worker[] = [];
test.before(async () => {
  for (let rank = 0; rank < MAX_WORKERS; rank++)
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
function start(workers: number, task: Omit<BarrierTask, 'control' | 'rounds' | 'workers'>, abortBy?: number): Round {
  const control = new SharedArrayBuffer(controlBytes(workers));
  const rounds = new SharedArrayBuffer(4 * workers);
  const reports = threads.slice(0, workers).map(async (thread, rank) => {
    const report = once(thread, 'message') as Promise<[BarrierReport]>;
    const abortAt = abortBy === undefined || abortBy === rank ? task.abortAt : undefined;
    thread.postMessage({ ...task, control, rounds, workers, abortAt } satisfies BarrierTask);
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
  threads[0]!.postMessage({ control: alone, rounds: new SharedArrayBuffer(8), workers: 2, spinUs: 0, count: 1 } satisfies BarrierTask);
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
  const barrier = new Barrier(control, 0, 1, 0);
  t.throws(() => barrier.wait(), { instanceOf: Aborted });
  t.throws(() => barrier.wait(), { instanceOf: Aborted });
  t.is(control[rankWords(0).arrived], 0, 'nothing shared is written after an abort');
});

test('the barrier works past the end of the 31-bit generation', (t) => {
  const control = new Int32Array(new SharedArrayBuffer(controlBytes(1)));
  control[WORD.generation] = 0x7ffffffe;
  const barrier = new Barrier(control, 0, 1, 0);
  for (let i = 0; i < 4; i++) barrier.wait();
  t.is(control[WORD.generation], (0x7ffffffe + 4) | 0);
});

test('no two writers share a cache line of the control words', (t) => {
  const lines = new Set<number>();
  const words = [...Object.values(WORD), ...Array.from({ length: 5 }, (_, rank) => rankWords(rank).arrived)];
  for (const word of words) lines.add(Math.floor((word * 4) / 64));
  t.is(lines.size, words.length);
  for (let rank = 0; rank < 5; rank++) {
    const { arrived, beat, call } = rankWords(rank);
    t.is(Math.floor(beat / 16), Math.floor(arrived / 16));
    t.is(Math.floor(call / 16), Math.floor(arrived / 16));
    // The line after it holds the rank's clocks.
    t.true((arrived + 32) * 4 <= controlBytes(rank + 1));
  }
});
