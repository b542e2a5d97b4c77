import { closeSync, fsync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import type { FileCalls } from '../../../src/storage/atomic.ts';
import type { LineCalls } from '../../../src/storage/lines.ts';
import { DirectoryLock } from '../../../src/storage/lock.ts';
import { readTrialLog } from '../../../src/sweep/journal/log.ts';
import type { SweepSummary } from '../../../src/sweep/session/events.ts';
import { readSweep } from '../../../src/sweep/session/read.ts';
import { resumeSweep, sweep } from '../../../src/sweep/session/sweep.ts';
import { threadsLeft } from '../../engine/support/threads.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { digests, loaded, played, results } from '../support/sweep-case.ts';

const HALVING = 'early_terminate: {type: asha, min: 1, max: 2, eta: 2}\n';
const SMALL = ['run_cap=2', 'execution.cores=2'];

function refused(code: 'EIO' | 'ENOSPC' | 'EMFILE' | 'EROFS'): NodeJS.ErrnoException {
  const errno = { EIO: -5, ENOSPC: -28, EMFILE: -24, EROFS: -30 }[code];
  return Object.assign(new Error(`${code}: refused`), { code, errno, syscall: 'write' });
}

interface Counted {
  calls: LineCalls;
  /** How often each call was made. */
  counts: { write: number; sync: number };
}

/** The real calls, of which some fail: writes after half of their bytes. @param fails  given the number of the call, from 0 */
function logCalls(fails: (call: 'write' | 'sync', number: number) => boolean = () => false): Counted {
  const counts = { write: 0, sync: 0 };
  const sync = promisify(fsync);
  const calls: LineCalls = {
    open: openSync,
    truncate: ftruncateSync,
    close: closeSync,
    write: (fd, bytes, offset) => {
      if (!fails('write', counts.write++)) return writeSync(fd, bytes, offset);
      writeSync(fd, bytes, offset, Math.floor((bytes.length - offset) / 2));
      throw refused('ENOSPC');
    },
    sync: async (fd) => {
      if (fails('sync', counts.sync++)) throw refused('EIO');
      await sync(fd);
    },
  };
  return { calls, counts };
}

interface Expected {
  summary: SweepSummary;
  digests: Record<string, string>;
}

async function undisturbed(t: ExecutionContext, more = HALVING): Promise<Expected & { counts: Counted['counts'] }> {
  const directory = temporary(t);
  const { calls, counts } = logCalls();
  const place = path.join(directory, 'sweep');
  const { summary } = await played(sweep(loaded(directory, more, SMALL), { directory: place, storage: { log: calls } }));
  return { summary, digests: digests(place, summary), counts };
}

/** Nothing of the machine's fault is a result, and what is mended goes on to what an undisturbed sweep gives. */
async function resumes(t: ExecutionContext, place: string, expected: Expected, title: string): Promise<void> {
  const { entries } = readTrialLog(place);
  t.false(
    entries.some((entry) => entry.type === 'run' && entry.status === 'failed'),
    title,
  );
  t.false(
    entries.some(({ type }) => type === 'retry'),
    title,
  );
  const { summary } = await played(resumeSweep(place));
  t.is(summary.status, 'finished', title);
  t.deepEqual(results(summary), results(expected.summary), title);
  t.deepEqual(digests(place, summary), expected.digests, title);
}

test.serial(
  'S1 V1 a sweep whose log fails once, at any write or sync, goes on or can be resumed: the table is that of an undisturbed one',
  async (t) => {
    t.timeout(600_000);
    const expected = await undisturbed(t);
    t.true(expected.counts.write > 8 && expected.counts.sync > 5);
    for (const call of ['write', 'sync'] as const) {
      for (let at = 0; at < expected.counts[call]; at++) {
        const title = `${call} ${at}`;
        const directory = temporary(t);
        const place = path.join(directory, 'sweep');
        const { calls } = logCalls((one, number) => one === call && number === at);
        const { summary } = await played(sweep(loaded(directory, HALVING, SMALL), { directory: place, storage: { log: calls } }));
        t.is(summary.status, 'finished', title);
        t.deepEqual(results(summary), results(expected.summary), title);
        const { status, trials } = readSweep(place);
        t.is(status, 'finished', title);
        t.deepEqual(results({ trials }), results(expected.summary), title);
        await resumes(t, place, expected, title);
      }
    }
  },
);

test.serial(
  'S1 a log that fails for good, from some write on, ends the session with E_STORAGE (74), and the sweep can be resumed',
  async (t) => {
    t.timeout(600_000);
    const expected = await undisturbed(t);
    // The first line is the sweep's own: without it there is nothing yet.
    for (let at = 1; at < expected.counts.write; at += 3) {
      const directory = temporary(t);
      const place = path.join(directory, 'sweep');
      const { calls } = logCalls((call, number) => call === 'write' && number >= at);
      const run = sweep(loaded(directory, HALVING, SMALL), { directory: place, storage: { log: calls } });
      const error = await t.throwsAsync(run.result, { instanceOf: GradloomError }, `write ${at}`);
      t.is(error.code, 'E_STORAGE');
      t.is(error.exitCode, EXIT.storage);
      t.is(EXIT.storage, 74);
      t.is(error.blame, 'machine');
      t.regex(error.where ?? '', /log\.jsonl$/);
      t.is(error.message, 'cannot be written: ENOSPC: no space left on device');
      t.is(error.next, `mend the cause, then: gradloom sweep resume ${place}`);
      t.is(await threadsLeft(), 0);
      t.is(readSweep(place).status, 'interrupted');
      await resumes(t, place, expected, `write ${at}`);
    }
  },
);

/** The real calls, which refuse every file from the nth on. */
function fileCalls(code: Parameters<typeof refused>[0], from: number): FileCalls {
  let count = 0;
  return {
    rename,
    unlink,
    open: (file, flags, mode) => (count++ < from ? open(file, flags, mode) : Promise.reject(refused(code))),
  };
}

for (const [code, from] of [
  ['ENOSPC', 0],
  ['ENOSPC', 9],
  ['EMFILE', 4],
  ['EROFS', 7],
  ['EIO', 12],
] as const) {
  test.serial(
    `S2 ${code} at the files of trials, from the ${from}th on, is no result of a trial: 74, and after it the same table`,
    async (t) => {
      t.timeout(120_000);
      const expected = await undisturbed(t);
      const directory = temporary(t);
      const place = path.join(directory, 'sweep');
      const storage = { runs: { files: fileCalls(code, from) } };
      const error = await t.throwsAsync(sweep(loaded(directory, HALVING, SMALL), { directory: place, storage }).result, {
        instanceOf: GradloomError,
      });
      t.is(error.code, 'E_STORAGE');
      t.is(error.exitCode, EXIT.storage);
      t.regex(error.where ?? '', /trials\/\d/);
      t.regex(error.message, new RegExp(code));
      t.is(error.next, `mend the cause, then: gradloom sweep resume ${place}`);
      const state = readSweep(place);
      t.is(state.status, 'interrupted');
      t.false(state.trials.some(({ status }) => status === 'running' || status === 'failed'));
      await resumes(t, place, expected, code);
    },
  );
}

test.serial('a disk that refuses the lines of trials for good is no result of a trial: 74, and after it the same table', async (t) => {
  t.timeout(120_000);
  const expected = await undisturbed(t);
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  const { calls } = logCalls((call, number) => call === 'write' && number >= 5);
  const error = await t.throwsAsync(
    sweep(loaded(directory, HALVING, SMALL), { directory: place, storage: { runs: { lines: calls } } }).result,
    { instanceOf: GradloomError },
  );
  t.is(error.exitCode, EXIT.storage);
  await resumes(t, place, expected, 'lines');
});

test.serial('V3 a trial that another process works on is no result: E_BUSY (75), and after it the same table', async (t) => {
  t.timeout(120_000);
  const expected = await undisturbed(t);
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  const controller = new AbortController();
  const run = sweep(loaded(directory, HALVING, SMALL), { directory: place, signal: controller.signal });
  for await (const event of run) if (event.type === 'result') controller.abort();
  const left = (await run.result).trials.find(({ status }) => status !== 'finished' && status !== 'pruned');
  const lock = DirectoryLock.acquire(path.join(place, `trials/${left?.number}`));
  const error = await t.throwsAsync(resumeSweep(place).result, { instanceOf: GradloomError });
  t.is(error.code, 'E_BUSY');
  t.is(error.exitCode, EXIT.busy);
  t.is(error.next, `mend the cause, then: gradloom sweep resume ${place}`);
  lock.release();
  await resumes(t, place, expected, 'busy');
});
