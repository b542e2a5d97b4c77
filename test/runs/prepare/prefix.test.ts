import { readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Experiment } from '../../../src/config/schema/schema.ts';
import type { Summary } from '../../../src/runs/events.ts';
import { findReusable, identityOf } from '../../../src/runs/prepare/reuse.ts';
import { trainNeeded } from '../../../src/runs/training/needed.ts';
import { resume } from '../../../src/runs/training/resume.ts';
import { type TrainOptions, train } from '../../../src/runs/training/train.ts';
import { threads } from '../../engine/support/warm-threads.ts';
import { resultFiles, resumable } from '../support/resume-case.ts';
import { temporary } from '../support/run-tree.ts';

const SHORT = 20;
const LONG = 45;

type Others = Record<string, unknown>;

function caseOf(parent: string, steps: number, others: Others = {}): Experiment {
  return resumable(parent, { ...others, train: { steps, ...(others['train'] as object | undefined) } });
}

const run = (experiment: Experiment, options?: TrainOptions): Promise<Summary> =>
  train({ experiment }, { engine: { threads }, ...options }).result;

/** @returns the step that it went on from too; undefined if it trained from the start */
async function needed(experiment: Experiment, options: TrainOptions = {}): Promise<{ from: number | undefined; summary: Summary }> {
  const { run: begun, found } = await trainNeeded({ experiment }, { engine: { threads }, ...options });
  return { from: found?.kind === 'prefix' ? found.prefix.step : undefined, summary: await begun.result };
}

async function straight(t: ExecutionContext, steps: number, others: Others): Promise<string> {
  return (await run(caseOf(temporary(t), steps, others))).directory!;
}

const checkpointsOf = (directory: string): string[] => readdirSync(path.join(directory, 'checkpoints')).sort();
const environment = (directory: string): object => JSON.parse(readFileSync(path.join(directory, 'env.json'), 'utf8')) as object;

const horizon = { type: 'cosine', horizon: { steps: 60 }, warmup: { steps: 5 } };
const cases: [title: string, short: number, others: Others, from: number][] = [
  ['from its end, whose digest the longer one has not', SHORT, {}, 20],
  ['from its end, whose digest the longer one has', 35, {}, 35],
  ['from the checkpoint before an end that is no evaluation of the longer one', 22, {}, 18],
  ['with a fixed horizon', SHORT, { schedule: horizon }, 20],
  ['with swa from the first step', SHORT, { train: { average: { type: 'swa', start: 0, every: { steps: 4 } } } }, 20],
  ['without evaluations, from the checkpoint before an end where nothing else is due', 15, quiet({}), 12],
  ['without evaluations, from an end where statistics are due', SHORT, quiet({}), 20],
  ['in epochs', 0, { train: { steps: undefined, epochs: 5, eval: { every: { epochs: 1 } } } }, 60],
  [
    'of which it keeps the best checkpoint',
    SHORT,
    { train: { checkpoint: { every: { steps: 6 }, keep: 1, best: { metric: 'val.loss' } } } },
    20,
  ],
];

function quiet(train: object): Others {
  return { schedule: 'constant', train: { eval: { on: 'none' }, early_stop: undefined, ...train } };
}

for (const [title, short, others, from] of cases) {
  test.serial(`a run continues a shorter one byte-exactly: ${title}`, async (t) => {
    const long = (directory: string): Experiment => {
      const experiment = caseOf(directory, LONG, others);
      return 'epochs' in experiment.train ? { ...experiment, train: { ...experiment.train, epochs: 8 } } : experiment;
    };
    const expected = (await run(long(temporary(t)))).directory!;
    const parent = temporary(t);
    const shorter = (await run(caseOf(parent, short, others))).directory!;
    const experiment: Experiment = { ...long(parent), parallel: { ...long(parent).parallel, workers: 2 } };
    const { summary, ...found } = await needed(experiment);
    t.is(found.from, from);
    t.is(summary.status, 'finished');
    t.deepEqual(resultFiles(summary.directory!), resultFiles(expected));
    t.deepEqual(identityOf(summary.directory!), identityOf(expected));
    t.deepEqual(checkpointsOf(summary.directory!), checkpointsOf(expected));
    t.like(environment(summary.directory!), { continues: { run: path.basename(shorter), step: from } });
    t.is((await findReusable({ experiment })).found?.kind, 'finished');
  });
}

test.serial(
  'a run that continues another needs it no more: interrupted at once, it resumes exactly, with as many workers as there are cores',
  async (t) => {
    const expected = resultFiles(await straight(t, LONG, {}));
    const parent = temporary(t);
    const shorter = (await run(caseOf(parent, SHORT))).directory!;
    const { from, summary } = await needed(caseOf(parent, LONG), { pauseAt: SHORT });
    t.like({ from, status: summary.status }, { from: SHORT, status: 'paused' });
    rmSync(shorter, { recursive: true });
    const directory = summary.directory!;
    const resumed = resume(directory, { workers: 'auto' });
    for await (const event of resumed) if (event.type === 'start') t.like(event, { workers: Math.min(event.cores, 8), from: SHORT });
    t.is((await resumed.result).status, 'finished');
    t.deepEqual(resultFiles(directory), expected);
  },
);

test.serial('a shorter run begins with what a longer one has kept of the way there', async (t) => {
  const parent = temporary(t);
  await run(caseOf(parent, LONG));
  const { from, summary } = await needed(caseOf(parent, 40));
  t.is(from, 36);
  t.deepEqual(resultFiles(summary.directory!), resultFiles(await straight(t, 40, {})));
});

test.serial('early stopping goes on: its patience is not begun anew', async (t) => {
  const others = { optimizer: { type: 'adam', lr: 0.3 }, schedule: 'constant', train: { early_stop: { metric: 'val.loss', patience: 3 } } };
  const expected = await run(caseOf(temporary(t), 400, others));
  t.true(expected.steps < 400);
  const parent = temporary(t);
  await run(caseOf(parent, expected.steps - 5, others));
  const { from, summary } = await needed(caseOf(parent, 400, others));
  t.is(from, expected.steps - 5);
  t.deepEqual(resultFiles(summary.directory!), resultFiles(expected.directory!));
  const other = temporary(t);
  await run(caseOf(other, expected.steps, others));
  const again = await needed(caseOf(other, 400, others));
  t.true(again.from !== undefined && again.from < expected.steps, 'an end by early stopping is no beginning, a checkpoint before it is');
  t.deepEqual(resultFiles(again.summary.directory!), resultFiles(expected.directory!));
});

const refused: [title: string, short: Others, long: Others][] = [
  ['a cosine that ends with the training', { schedule: { type: 'cosine' } }, { schedule: { type: 'cosine' } }],
  ['one_cycle', { schedule: { type: 'one_cycle' } }, { schedule: { type: 'one_cycle' } }],
  [
    'swa from a share of the training',
    { train: { average: { type: 'swa', every: { steps: 1 } } } },
    { train: { average: { type: 'swa', every: { steps: 1 } } } },
  ],
  ['another seed', {}, { seed: 12 }],
  ['other lines in metrics.jsonl', {}, { track: { log_every: { steps: 2 } } }],
  ['a best checkpoint that was not kept', {}, { train: { checkpoint: { every: { steps: 6 }, best: { metric: 'val.loss' } } } }],
];
for (const [title, short, long] of refused) {
  test.serial(`a run trains from the start with ${title}`, async (t) => {
    const parent = temporary(t);
    await run(caseOf(parent, SHORT, short));
    t.is((await findReusable({ experiment: caseOf(parent, LONG, long) })).found, undefined);
  });
}

test.serial('a run without checkpoints, or with damaged files, is no beginning', async (t) => {
  const parent = temporary(t);
  const shorter = (await run(caseOf(parent, SHORT))).directory!;
  const find = async (): Promise<number | undefined> => {
    const { found } = await findReusable({ experiment: caseOf(parent, LONG) });
    return found?.kind === 'prefix' ? found.prefix.step : undefined;
  };
  t.is(await find(), SHORT);
  truncateSync(path.join(shorter, 'checkpoints', checkpointsOf(shorter).at(-1) ?? ''), 1000);
  t.is(await find(), 18, 'the checkpoint before a damaged one');
  truncateSync(path.join(shorter, 'metrics.jsonl'), 100);
  t.is(await find(), undefined);
  rmSync(path.join(shorter, 'checkpoints'), { recursive: true });
  t.is(await find(), undefined);
});
