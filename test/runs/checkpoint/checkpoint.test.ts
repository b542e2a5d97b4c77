import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import type { Experiment } from '../../../src/config/schema/schema.ts';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { type Checkpoint, readCheckpoint, valuesProblem } from '../../../src/runs/checkpoint/checkpoint.ts';
import { resume } from '../../../src/runs/training/resume.ts';
import { train } from '../../../src/runs/training/train.ts';
import { threads } from '../../engine/support/warm-threads.ts';
import { temporary } from '../support/run-tree.ts';
import { type CheckpointParts, changeCheckpoint } from '../support/signed-checkpoint.ts';

let paused: Promise<string> | undefined;
const place = mkdtempSync(path.join(tmpdir(), 'gradloom-test-'));
test.after.always(() => rmSync(place, { recursive: true, force: true }));

/** A copy of a run of 18 steps, paused at 12, with checkpoints at 6 and 12; its newest checkpoint. */
async function newest(t: ExecutionContext): Promise<{ run: string; file: string }> {
  paused ??= train({ experiment: experimentOf(place) }, { engine: { threads }, pauseAt: 12 }).result.then(
    ({ directory }) => directory ?? '',
  );
  const run = path.join(temporary(t), 'run');
  cpSync(await paused, run, { recursive: true });
  return { run, file: path.join(run, 'checkpoints', 'step-000000000012.safetensors') };
}

const experimentOf = (parent: string): Experiment =>
  experimentFromObject({
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 100, features: 4, classes: 2 } },
    model: { layers: [{ type: 'dense', units: 4, activation: 'relu' }] },
    train: { steps: 18, batch_size: 16, checkpoint: { every: { steps: 6 } } },
    parallel: { workers: 1 },
    track: { dir: parent },
  }).experiment;

const read = (file: string): Checkpoint => readCheckpoint(file, Uint8Array.from(readFileSync(file)));

function messageOf(t: ExecutionContext, file: string): string {
  const error = t.throws(() => read(file), { instanceOf: GradloomError });
  t.is(error.code, 'E_CHECKPOINT');
  t.is(error.exitCode, EXIT.data);
  t.is(error.where, file);
  t.is(error.next, 'use an older checkpoint');
  return error.message;
}

const withMetadata =
  (change: Record<string, string>) =>
  ({ metadata, state }: CheckpointParts): CheckpointParts => ({ metadata: { ...metadata, ...change }, state });

const withState =
  (part: string, change: object) =>
  ({ metadata, state }: CheckpointParts): CheckpointParts => {
    const parts = state as Record<string, object>;
    return { metadata, state: { ...parts, [part]: { ...parts[part], ...change } } };
  };

test('a checkpoint that is signed again as it was reads as before', async (t) => {
  const { file } = await newest(t);
  const before = read(file);
  changeCheckpoint(file, (parts) => parts);
  t.deepEqual(read(file), before);
  t.is(before.file.metadata['gradloom.checkpoint'], '1');
  t.is(before.step, 12);
});

for (const [format, shown] of [
  ['2', '2'],
  ['0', '0'],
  ['', ''],
  ['01', '01'],
  ['1.0', '1.0'],
  ['\u001b[31m', '\\u001b[31m'],
] as const)
  test(`a checkpoint of format ${JSON.stringify(format)}, whole otherwise, is refused with its format and ours`, async (t) => {
    const { file } = await newest(t);
    changeCheckpoint(file, withMetadata({ 'gradloom.checkpoint': format }));
    t.is(messageOf(t, file), `a checkpoint of format ${shown}; expected 1`);
  });

test('a resume sets a checkpoint of a later format aside and goes on from the one before it, to the same end', async (t) => {
  const [changed, undisturbed] = [await newest(t), await newest(t)];
  changeCheckpoint(changed.file, withMetadata({ 'gradloom.checkpoint': '2' }));
  const warnings: string[] = [];
  const going = resume(changed.run, { engine: { threads } });
  for await (const event of going) if (event.type === 'warning' && event.code === 'W_CKPT_REJECTED') warnings.push(event.message);
  t.is((await going.result).status, 'finished');
  t.is(warnings.length, 1);
  t.true(warnings[0]?.includes('a checkpoint of format 2; expected 1'), warnings[0]);
  await resume(undisturbed.run, { engine: { threads } }).result;
  const [model, expected] = [changed, undisturbed].map(({ run }) => readFileSync(path.join(run, 'model.safetensors')));
  t.deepEqual(model, expected);
});

test('a safetensors file without a format or without a hash is no checkpoint', async (t) => {
  const { file } = await newest(t);
  const whole = readFileSync(file);
  for (const key of ['gradloom.checkpoint', 'gradloom.sha256']) {
    // Another name of the same length: the file stays one of safetensors.
    const renamed = Uint8Array.from(Buffer.from(whole.toString('latin1').replace(`"${key}"`, `"x${key.slice(1)}"`), 'latin1'));
    const error = t.throws(() => readCheckpoint(file, renamed), { instanceOf: GradloomError });
    t.is(error.message, 'not a checkpoint of gradloom');
  }
});

for (const [title, change, message] of [
  ['the loop is at another step', withState('loop', { step: 11 }), 'of step 12, but its state is of step 11 and 12'],
  ['the recorder is at another step', withState('recorder', { step: 13 }), 'of step 12, but its state is of step 12 and 13'],
  ['the metrics have another length', withMetadata({ 'gradloom.metrics_bytes': '7' }), 'its state tells other lengths of files'],
  ['the digests have another length', withMetadata({ 'gradloom.digests_bytes': '7' }), 'its state tells other lengths of files'],
  ['the best step is to come', withState('best', { step: 13, share: 'state', hasOptimizer: false }), 'of step 12, but remembers step 13'],
  ['the good step is to come', withState('good', { step: 13, share: 'state', hasOptimizer: false }), 'of step 12, but remembers step 13'],
  ['the kept step is to come', withState('loop', { bestKept: { step: 13, value: 1 } }), 'of step 12, but remembers step 13'],
] as const)
  test(`a signed checkpoint that contradicts itself is refused: ${title}`, async (t) => {
    const { file } = await newest(t);
    changeCheckpoint(file, change);
    t.is(messageOf(t, file), message);
  });

test('a landmark at the step of its checkpoint is none of the future', async (t) => {
  const { file } = await newest(t);
  changeCheckpoint(file, withState('best', { step: 12, share: 'state', hasOptimizer: false }));
  t.is(read(file).saved.best?.step, 12);
  t.is(valuesProblem(read(file)), undefined);
});
