import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadExperiment } from '../../../src/config/load.ts';
import type { Experiment } from '../../../src/config/schema/schema.ts';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import type { MetricsLine, Summary } from '../../../src/runs/events.ts';
import { type ExtendOptions, extend } from '../../../src/runs/training/extend.ts';
import { resume } from '../../../src/runs/training/resume.ts';
import { train } from '../../../src/runs/training/train.ts';
import { readSafetensors } from '../../../src/storage/safetensors.ts';
import { resultFiles, resumable } from '../support/resume-case.ts';
import { temporary } from '../support/run-tree.ts';

const PARENT_STEPS = 20;
const CONSTANT = { schedule: 'constant' };
const COSINE = { schedule: { type: 'cosine', min_lr: 1e-4, warmup: { steps: 3 } } };

function caseOf(parent: string, steps: number, others: Record<string, unknown>): Experiment {
  return resumable(parent, { ...others, train: { steps, early_stop: { metric: 'val.loss', patience: 50 } } });
}

async function run(t: ExecutionContext, steps: number, others: Record<string, unknown>): Promise<string> {
  return (await train({ experiment: caseOf(temporary(t), steps, others) }).result).directory!;
}

const extended = (directory: string, options: ExtendOptions): Promise<Summary> => extend(directory, options).result;
const linesOf = (directory: string, name: string): MetricsLine[] =>
  readFileSync(path.join(directory, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as MetricsLine);
const rates = (directory: string): number[] =>
  linesOf(directory, 'metrics.jsonl').flatMap((line) => (typeof line['lr'] === 'number' ? [line['lr']] : []));

test.serial('a run extended under a constant rate is the longer run, from where its parent ended', async (t) => {
  const parent = await run(t, PARENT_STEPS, CONSTANT);
  const straight = await run(t, 31, CONSTANT);
  const summary = await extended(parent, { steps: 31 });
  t.like(summary, { status: 'finished', steps: 31, parent: path.basename(parent) });
  const directory = summary.directory!;
  t.is(path.dirname(directory), path.dirname(parent));
  const after = (of: string): MetricsLine[] =>
    linesOf(of, 'metrics.jsonl').filter((line) => line.step > PARENT_STEPS || (line.step === PARENT_STEPS && 'train.loss' in line));
  t.deepEqual(after(directory), after(straight));
  t.deepEqual(linesOf(directory, 'metrics.jsonl'), after(directory));
  for (const name of ['model.safetensors', 'model-ema.safetensors'])
    t.deepEqual(readFileSync(path.join(directory, name)), readFileSync(path.join(straight, name)), name);
  t.deepEqual(linesOf(directory, 'digests.jsonl').at(-1), linesOf(straight, 'digests.jsonl').at(-1));
  const again = loadExperiment(path.join(directory, 'config.yaml'), { overrides: [`track.dir=${temporary(t)}`] });
  t.deepEqual(resultFiles((await train(again).result).directory!), resultFiles(directory), 'its config.yaml runs again');
});

test.serial('stretch reads the schedule over the new length, hold keeps the last rate, restart begins it anew', async (t) => {
  const parent = await run(t, PARENT_STEPS, COSINE);
  const last = rates(parent).at(-1);
  const stretched = await extended(parent, { steps: 30 });
  t.deepEqual(rates(stretched.directory!), rates(await run(t, 30, COSINE)).slice(PARENT_STEPS));
  const held = await extended(parent, { steps: 30, schedule: 'hold' });
  t.deepEqual(rates(held.directory!), Array<number>(10).fill(last));
  const restarted = await extended(parent, { steps: 30, schedule: 'restart' });
  t.deepEqual(rates(restarted.directory!), rates(await run(t, 10, COSINE)));
  const twice = await extended(held.directory!, { steps: 34, schedule: 'hold' });
  t.deepEqual(rates(twice.directory!), Array<number>(4).fill(last));
});

test.serial('an extended run that is interrupted resumes exactly, from its checkpoint or from its parent', async (t) => {
  const parent = await run(t, PARENT_STEPS, COSINE);
  const files = resultFiles((await extended(parent, { steps: 33 })).directory!);
  for (const hasCheckpoint of [true, false]) {
    const { status, directory } = await extended(parent, { steps: 33, pauseAt: 27 });
    t.is(status, 'paused');
    if (!hasCheckpoint) rmSync(path.join(directory!, 'checkpoints'), { recursive: true });
    t.is((await resume(directory!, { workers: 2 }).result).status, 'finished');
    t.deepEqual(resultFiles(directory!), files);
  }
});

test.serial('what cannot be extended is refused', async (t) => {
  const parent = await run(t, PARENT_STEPS, CONSTANT);
  const refused = (directory: string, options: ExtendOptions): Promise<GradloomError> =>
    t.throwsAsync(extended(directory, options), { instanceOf: GradloomError });
  const shorter = await refused(parent, { steps: PARENT_STEPS });
  t.is(shorter.code, 'E_CONFIG_RANGE');
  t.is(shorter.message, 'a training of 20 steps, but its parent has done 20 already');
  t.like(await refused(parent, {}), { code: 'E_CONFIG_VALUE', message: 'expected the new length in epochs or in steps, one of the two' });
  const paused = (await train({ experiment: caseOf(temporary(t), PARENT_STEPS, CONSTANT) }, { pauseAt: 4 }).result).directory!;
  t.like(await refused(paused, { steps: 30 }), {
    code: 'E_RUN_READ',
    exitCode: EXIT.data,
    message: 'not finished, but paused',
    next: `gradloom resume ${paused}`,
  });
  rmSync(path.join(parent, 'checkpoints'), { recursive: true });
  t.like(await refused(parent, { steps: 30 }), {
    code: 'E_CHECKPOINT',
    message: 'the checkpoint of its end is missing or does not verify',
  });
});

test.serial('model.init of type run starts from the parameters of a run, or of its newest checkpoint', async (t) => {
  const other = await run(t, PARENT_STEPS, CONSTANT);
  const from = async (init: object): Promise<string> => {
    const experiment = caseOf(temporary(t), 3, CONSTANT);
    return (
      await train({ experiment: { ...experiment, model: { ...experiment.model, init: init as Experiment['model']['init'] } } }).result
    ).digest;
  };
  const byFile = await from({ type: 'file', path: path.join(other, 'model.safetensors') });
  t.is(await from({ type: 'run', path: other }), byFile);
  const before = readSafetensors(path.join(other, 'model.safetensors')).tensors.get('layers.2.bias');
  t.truthy(before);
  rmSync(path.join(other, 'model.safetensors'));
  t.not(await from({ type: 'run', path: other }), await from({ type: 'torch_linear' }));
  rmSync(path.join(other, 'checkpoints'), { recursive: true });
  const error = await t.throwsAsync(from({ type: 'run', path: other }), { instanceOf: GradloomError });
  t.is(error.code, 'E_CHECKPOINT');
  t.is(error.message, 'it has no model.safetensors, and no checkpoint that verifies');
});
