import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import { GradloomError } from '../../../src/errors.ts';
import type { DigestLine } from '../../../src/runs/files/digests.ts';
import { train } from '../../../src/runs/training/train.ts';
import { type VerifyEvent, verify } from '../../../src/runs/training/verify.ts';
import { temporary } from '../support/run-tree.ts';

const TREE = {
  data: { source: { type: 'synthetic', kind: 'blobs', samples: 400 } },
  model: {
    layers: [
      { type: 'dense', units: 8, activation: 'relu', dropout: 0.2, batch_norm: true },
      { type: 'dense', units: 3 },
    ],
  },
  optimizer: { type: 'adam', lr: 0.01 },
  train: { epochs: 4, batch_size: 32 },
  numerics: { digest: { every: { steps: 10 } } },
  parallel: { workers: 1 },
};
/** 320 rows in batches of 32: 10 steps an epoch. */
const DIGESTS = 4;

/** A run that is trained, and how to change its files. */
async function trained(t: ExecutionContext, changes: Record<string, unknown> = {}, pauseAt?: number): Promise<string> {
  const loaded = experimentFromObject({ ...TREE, ...changes, track: { dir: temporary(t) } });
  const { directory } = await train(loaded, { pauseAt }).result;
  return directory ?? '';
}

function edit(directory: string, name: string, change: (text: string) => string): void {
  const file = path.join(directory, name);
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

async function refusal(directory: string): Promise<GradloomError> {
  try {
    await verify(directory, { workers: [1] }).result;
  } catch (error) {
    if (error instanceof GradloomError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('gradloom-verify-'));

test.serial('a run comes out the same with any worker count, and nothing of it changes', async (t) => {
  const directory = await trained(t);
  const before = readdirSync(directory).map((name) => [name, existsSync(path.join(directory, name))]);
  const events: VerifyEvent[] = [];
  const run = verify(directory, { workers: [1, 3] });
  for await (const event of run) events.push(event);
  t.deepEqual(await run.result, {
    status: 'same',
    steps: 40,
    digests: DIGESTS,
    replays: [
      { workers: 1, equal: DIGESTS },
      { workers: 3, equal: DIGESTS },
    ],
  });
  t.is(events.filter(({ type }) => type === 'replayed').length, 2);
  t.deepEqual(
    readdirSync(directory).map((name) => [name, existsSync(path.join(directory, name))]),
    before,
  );
  t.deepEqual(leftovers(), []);
});

test.serial('a run that has not come to its end is verified as far as it has come', async (t) => {
  const directory = await trained(t, {}, 20);
  t.like(await verify(directory, { workers: [2] }).result, { status: 'same', steps: 20, digests: 2 });
});

test.serial('E_VERIFY names the first step and tensor that differ, and training stops there', async (t) => {
  const directory = await trained(t, { train: { epochs: 3000, batch_size: 32, eval: { on: 'none' } } }, 200);
  edit(directory, 'digests.jsonl', (text) => {
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as DigestLine);
    const changed = lines.map((line, i) =>
      i < 2 ? line : { ...line, digest: '0'.repeat(64), tensors: { ...line.tensors, 'layers.1.bias': 'x' } },
    );
    return `${changed.map((line) => JSON.stringify(line)).join('\n')}\n`;
  });
  const error = await refusal(directory);
  t.like(error, { code: 'E_VERIFY', exitCode: 83, where: directory, kept: 'the run, unchanged' });
  t.is(error.message, 'not the same when trained again with 1 worker: layers.1.bias differs at step 30 after 2 equal digests');
  t.deepEqual(leftovers(), []);
});

test.serial('a final model that is not the one trained is found even where all digests are equal', async (t) => {
  const directory = await trained(t);
  edit(directory, 'summary.json', (text) => text.replace(/"digest": "\w+"/, `"digest": "${'0'.repeat(64)}"`));
  t.is(
    (await refusal(directory)).message,
    'not the same when trained again with 1 worker: the training state differs at step 40 after 4 equal digests',
  );
});

test.serial('what a run follows from must still be the same', async (t) => {
  const directory = await trained(t);
  const env = readFileSync(path.join(directory, 'env.json'), 'utf8');
  edit(directory, 'env.json', (text) => text.replace(/"kernels": (\d+)/, '"kernels": 9$1'));
  t.like(await refusal(directory), { code: 'E_KERNEL_VERSION', exitCode: 78 });
  edit(directory, 'env.json', () => env.replace(/"data": "\w+"/, '"data": "0"'));
  t.like(await refusal(directory), { code: 'E_DATA_FINGERPRINT', exitCode: 65 });
  edit(directory, 'env.json', () => '{}');
  t.like(await refusal(directory), { code: 'E_RUN_FILE', message: 'does not say what the run was trained from' });
  edit(directory, 'env.json', () => env);
  edit(directory, 'config.yaml', (text) => text.replace('lr: 0.01', 'lr: 0.02'));
  t.like(await refusal(directory), { code: 'E_RUN_CHANGED', exitCode: 78 });
});

test.serial('a run without digests has nothing to verify', async (t) => {
  const directory = await trained(t, {}, 5);
  t.like(await refusal(directory), { code: 'E_RUN_FILE', exitCode: 65, message: 'nothing to verify: digests.jsonl has no line yet' });
});

test.serial('an interrupted verification says so and leaves nothing behind', async (t) => {
  const directory = await trained(t, { train: { epochs: 100_000, batch_size: 32, eval: { on: 'none' } } }, 30);
  const stop = new AbortController();
  stop.abort();
  t.is((await verify(directory, { signal: stop.signal }).result).status, 'interrupted');
  t.deepEqual(leftovers(), []);
});

test.serial('a run that diverged diverges again at the same step', async (t) => {
  const directory = temporary(t);
  const loaded = experimentFromObject({ ...TREE, optimizer: { type: 'sgd', lr: 1e10 }, numerics: { digest: { every: { steps: 1 } } } });
  await t.throwsAsync(train(loaded, { directory: path.join(directory, 'run') }).result, { code: 'E_DIVERGED' });
  t.is((await verify(path.join(directory, 'run'), { workers: [2] }).result).status, 'same');
});
