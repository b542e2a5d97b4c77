import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Experiment } from '../../../src/config/schema/schema.ts';
import { loadDataset } from '../../../src/data/load.ts';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { readCheckpoint } from '../../../src/runs/checkpoint/checkpoint.ts';
import { listCheckpoints, newestCheckpoint } from '../../../src/runs/checkpoint/files.ts';
import type { RunEvent } from '../../../src/runs/events.ts';
import { resume } from '../../../src/runs/training/resume.ts';
import { train } from '../../../src/runs/training/train.ts';
import type { FileCalls, WritableFile } from '../../../src/storage/atomic.ts';
import type { LineCalls } from '../../../src/storage/lines.ts';
import { threads } from '../../engine/support/warm-threads.ts';
import { resultFiles, resumable } from '../support/resume-case.ts';
import { temporary } from '../support/run-tree.ts';

/** Two checkpoints on the way and one at the end, of which one is pruned. */
const caseIn = (parent: string): Experiment => resumable(parent, { train: { steps: 14, checkpoint: { every: { steps: 5 }, keep: 2 } } });

const ERRNOS = ['ENOSPC', 'EIO', 'EACCES', 'EMFILE', 'EDQUOT'] as const;

/** The real calls, of which the ones that `fails` names by their number fail; a write may also take a part of its bytes first. */
function failing(fails: (call: number) => boolean, errno: string, isShort = false): FileCalls & { count: () => number } {
  let calls = 0;
  const at = async <T>(run: () => Promise<T>): Promise<T> => {
    if (fails(calls++)) throw Object.assign(new Error(`${errno}: injected`), { code: errno });
    return run();
  };
  return {
    count: () => calls,
    async open(name, flags, mode): Promise<WritableFile> {
      const file = await at(() => open(name, flags, mode));
      return {
        write: (bytes, offset, length) => at(() => file.write(bytes, offset, isShort ? Math.max(1, Math.floor(length / 2)) : length)),
        sync: () => at(() => file.sync()),
        // A failed close has closed the file all the same.
        async close() {
          try {
            await at(() => Promise.resolve());
          } finally {
            await file.close();
          }
        },
      };
    },
    rename: (from, to) => at(() => rename(from, to)),
    unlink: (name) => at(() => unlink(name)),
  };
}

interface Outcome {
  events: RunEvent[];
  status: string;
  error: GradloomError | undefined;
  directory: string;
}

/** As above, for files of lines. */
function failingLines(fails: (call: number) => boolean, errno: string): LineCalls & { count: () => number } {
  let calls = 0;
  const at = <T>(run: () => T): T => {
    if (fails(calls++)) throw Object.assign(new Error(`${errno}: injected`), { code: errno });
    return run();
  };
  return {
    count: () => calls,
    open: (name, flags, mode) => at(() => openSync(name, flags, mode)),
    write: (fd, bytes, offset) => {
      // A full disk takes a part before it refuses the rest.
      if (fails(calls)) writeSync(fd, bytes, offset, 1);
      return at(() => writeSync(fd, bytes, offset));
    },
    truncate: (fd, length) => at(() => ftruncateSync(fd, length)),
    sync: async (fd) => at(() => fsyncSync(fd)),
    close: (fd) => {
      closeSync(fd);
      at(() => undefined);
    },
  };
}

async function runWith(t: ExecutionContext, files: FileCalls, lines?: LineCalls): Promise<Outcome> {
  const directory = path.join(temporary(t), 'run');
  const experiment = caseIn(path.dirname(directory));
  dataset ??= loadDataset(experiment);
  const run = train(
    { experiment },
    { directory, dataset: await dataset, storage: { files, ...(lines && { lines }) }, engine: { threads } },
  );
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  try {
    return { events, status: (await run.result).status, error: undefined, directory };
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    return { events, status: 'failed', error, directory };
  }
}

let dataset: ReturnType<typeof loadDataset> | undefined;
let undisturbed: Promise<Record<string, string>> | undefined;

/** @param calls  counts them */
function expected(t: ExecutionContext, calls: FileCalls = { open, rename, unlink }): Promise<Record<string, string>> {
  undisturbed ??= runWith(t, calls).then(({ directory }) => resultFiles(directory));
  return undisturbed;
}

/** What must hold after any fault: 0 or 74, no temporary file that could be removed, and a run that can be brought to its end. */
async function assertSurvives(t: ExecutionContext, { status, error, directory }: Outcome, context: string): Promise<void> {
  const files = await expected(t);
  if (error !== undefined) {
    t.is(error.exitCode, EXIT.storage, `${context}: ${error.code} ${error.message}`);
    // What fails before there is a config.yaml has not begun.
    if (!existsSync(path.join(directory, 'config.yaml'))) return;
    const kept = /checkpoint of step (\d+)/.exec(error.kept ?? '')?.[1];
    if (kept !== undefined) {
      const newest = newestCheckpoint(directory, (file, reason) => t.fail(`${context}: ${file.path}: ${reason}`));
      t.true(newest !== undefined && newest.step >= Number(kept), `${context}: an acknowledged checkpoint loads`);
    }
    t.is((await resume(directory, { engine: { threads } }).result).status, 'finished', context);
  } else t.is(status, 'finished', context);
  const found = resultFiles(directory);
  for (const [name, content] of Object.entries(files)) t.true(found[name] === content, `${context}: ${name}`);
}

test.serial('S1 whichever file call fails once, a run ends with 0 or 74 and its files are those of an undisturbed one', async (t) => {
  t.timeout(600_000);
  const counting = failing(() => false, 'EIO');
  await expected(t, counting);
  t.true(counting.count() > 50);
  for (let i = 0; i < counting.count(); i++) {
    const errno = ERRNOS[i % ERRNOS.length]!;
    await assertSurvives(
      t,
      await runWith(
        t,
        failing((call) => call === i, errno, i % 2 === 1),
      ),
      `call ${i} ${errno}`,
    );
  }
});

test.serial('S1 S3 S5 from whichever file call on the disk refuses everything, a run ends with 74 and can be resumed', async (t) => {
  t.timeout(600_000);
  const counting = failing(() => false, 'EIO');
  await runWith(t, counting);
  for (let i = 2; i < counting.count(); i += 7) {
    const outcome = await runWith(
      t,
      failing((call) => call >= i, ERRNOS[i % ERRNOS.length]!),
    );
    t.is(outcome.status, 'failed', `call ${i}`);
    await assertSurvives(t, outcome, `from call ${i}`);
  }
});

test.serial(
  'S1 whichever call on files of lines fails, once or from then on, a run ends with 0 or 74, and nothing is missing or doubled',
  async (t) => {
    t.timeout(600_000);
    const counting = failingLines(() => false, 'EIO');
    await runWith(t, { open, rename, unlink }, counting);
    t.true(counting.count() > 25, String(counting.count()));
    for (let i = 0; i < counting.count(); i++) {
      const errno = ERRNOS[i % ERRNOS.length]!;
      for (const last of [i, Number.POSITIVE_INFINITY]) {
        // A third is enough: the kinds of call take turns.
        if (last > i && i % 3 !== 0) continue;
        const lines = failingLines((call) => call >= i && call <= last, errno);
        await assertSurvives(
          t,
          await runWith(t, { open, rename, unlink }, lines),
          `call ${i} ${errno}${last > i ? ' and all after it' : ''}`,
        );
      }
    }
  },
);

test.serial('S2 metrics that could not be written are in the file of a run that diverges before its next checkpoint', async (t) => {
  const directory = path.join(temporary(t), 'run');
  const others = { optimizer: { type: 'sgd', lr: 1e20 }, schedule: { type: 'constant' }, train: { checkpoint: { every: { steps: 100 } } } };
  const experiment = resumable(path.dirname(directory), others);
  const straight = path.join(temporary(t), 'run');
  for (const [place, lines] of [
    [straight, undefined],
    // The second line of metrics, once.
    [directory, failingLines((call) => call === 3, 'ENOSPC')],
  ] as const) {
    const run = train({ experiment }, { directory: place, storage: lines && { lines } });
    const error = await t.throwsAsync(run.result, { instanceOf: GradloomError });
    t.is(error?.code, 'E_DIVERGED');
  }
  t.deepEqual(resultFiles(directory), resultFiles(straight));
});

test.serial('S2 the checkpoint of the best evaluation that could not be written is written with the next one', async (t) => {
  const directory = path.join(temporary(t), 'run');
  const others = {
    train: { steps: 40, early_stop: undefined, checkpoint: { every: { steps: 1000 }, keep: 1, best: { metric: 'val.loss' } } },
  };
  const experiment = resumable(path.dirname(directory), others);
  let best = 0;
  let refused = 0;
  const files: FileCalls = {
    open: (name, flags, mode) => {
      if (!name.includes('checkpoints') || mode === undefined || refused > 0) return open(name, flags, mode);
      refused++;
      return Promise.reject(Object.assign(new Error('EIO: injected'), { code: 'EIO' }));
    },
    rename: (from, to) => rename(from, to),
    unlink: (name) => unlink(name),
  };
  const run = train({ experiment }, { directory, storage: { files }, pauseAt: 7 });
  best = (await run.result).best['val.loss']!.step;
  t.is(refused, 1);
  t.deepEqual(
    listCheckpoints(directory).map(({ step }) => step),
    [7, best],
  );
});

test.serial('S2 a full disk at a checkpoint is W_STORAGE; the next interval writes a new file', async (t) => {
  const files = await expected(t);
  let opened = 0;
  const base = failing(() => false, 'ENOSPC');
  const outcome = await runWith(t, {
    ...base,
    async open(name, flags, mode) {
      // env.json, config.yaml and preprocess.json, then the first checkpoint.
      const isFourth = mode !== undefined && ++opened === 4;
      const file = await base.open(name, flags, mode);
      return isFourth
        ? { ...file, write: () => Promise.reject(Object.assign(new Error('ENOSPC: full'), { code: 'ENOSPC', errno: -28 })) }
        : file;
    },
  });
  t.is(outcome.status, 'finished');
  t.deepEqual(
    outcome.events.flatMap((event) => (event.type === 'warning' && event.code === 'W_STORAGE' ? [event.message] : [])),
    [
      `no checkpoint of step 5: ${path.join(outcome.directory, 'checkpoints/step-000000000005.safetensors')}: cannot be written: ENOSPC: no space left on device; training goes on`,
    ],
  );
  t.deepEqual(readdirSync(path.join(outcome.directory, 'checkpoints')).toSorted(), [
    'step-000000000010.safetensors',
    'step-000000000014.safetensors',
  ]);
  t.deepEqual(resultFiles(outcome.directory), files);
});

test.serial('S9 a link planted at a name of a checkpoint is replaced, not followed', async (t) => {
  const parent = temporary(t);
  const experiment = caseIn(parent);
  const directory = (await train({ experiment }, { pauseAt: 7 }).result).directory!;
  const target = path.join(parent, 'target');
  writeFileSync(target, 'precious');
  symlinkSync(target, path.join(directory, 'checkpoints/step-000000000013.safetensors'));
  t.is((await resume(directory, { engine: { threads } }).result).status, 'finished');
  t.is(readFileSync(target, 'utf8'), 'precious');
});

test.serial('S7 a directory in the place of a checkpoint is told and does no harm', async (t) => {
  const parent = temporary(t);
  const directory = (await train({ experiment: caseIn(parent) }, { pauseAt: 7 }).result).directory!;
  mkdirSync(path.join(directory, 'checkpoints/step-000000000009.safetensors'));
  const run = resume(directory);
  const codes: string[] = [];
  for await (const event of run) if (event.type === 'warning') codes.push(event.code);
  t.is((await run.result).status, 'finished');
  t.deepEqual(codes, ['W_CKPT_REJECTED']);
  t.throws(() => readCheckpoint('x', new Uint8Array(3)), { code: 'E_SAFETENSORS' });
});

test.serial('train.checkpoint.best keeps the checkpoint of the best evaluation beside the newest', async (t) => {
  const others = {
    train: { steps: 60, early_stop: undefined, checkpoint: { every: { steps: 50 }, keep: 1, best: { metric: 'val.loss' } } },
  };
  const summary = await train({ experiment: resumable(temporary(t), others) }).result;
  const best = summary.best['val.loss']!.step;
  const steps = readdirSync(path.join(summary.directory!, 'checkpoints')).map((name) => Number(/\d+/.exec(name)?.[0]));
  t.deepEqual(
    steps.toSorted((a, b) => a - b),
    [...new Set([best, 60])],
  );
});
