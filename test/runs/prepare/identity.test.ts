import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { loadExperiment } from '../../../src/config/load.ts';
import { configHash } from '../../../src/runs/checkpoint/basis.ts';
import { type RunIdentity, runIdentity } from '../../../src/runs/prepare/identity.ts';
import { findReusable, identityOf } from '../../../src/runs/prepare/reuse.ts';
import { train } from '../../../src/runs/training/train.ts';
import { encodeSafetensors } from '../../../src/storage/safetensors/bytes.ts';
import { temporary } from '../support/run-tree.ts';

const DATA = { fingerprint: 'd'.repeat(64) };
const TEXT = `name: a
data: {source: {type: synthetic, kind: blobs, samples: 200}}
model: {layers: [{type: dense, units: 3}]}
train: {epochs: 2, batch_size: 32}
`;

function experiment(t: Parameters<typeof temporary>[0], overrides: string[] = []) {
  const file = path.join(temporary(t), 'a.yaml');
  writeFileSync(file, TEXT);
  return loadExperiment(file, { overrides });
}

function identity(t: Parameters<typeof temporary>[0], overrides: string[] = []): RunIdentity {
  return runIdentity(experiment(t, overrides).experiment, DATA);
}

for (const override of [
  'parallel.workers=3',
  'track.log_every.steps=7',
  'name=b',
  '+tags.0=x',
  'track.notes=x',
  'train.checkpoint.keep=9',
]) {
  test(`the identity is the same with ${override}`, (t) => t.deepEqual(identity(t, [override]), identity(t)));
}

for (const override of [
  'seed=1',
  'optimizer.lr=0.5',
  'model.layers.0.units=4',
  'data.normalize=unit',
  'numerics.leaves=8',
  'loss.label_smoothing=0.1',
]) {
  test(`the identity is another with ${override}`, (t) => {
    t.not(identity(t, [override]).identity, identity(t).identity);
    t.not(identity(t, [override]).lineage, identity(t).lineage);
  });
}

test('with another length the identity is another, and the lineage the same', (t) => {
  for (const override of ['train.epochs=3', 'train.steps=9']) {
    t.not(identity(t, [override]).identity, identity(t).identity);
    t.is(identity(t, [override]).lineage, identity(t).lineage);
  }
});

test('the data set counts by its content, not by where it comes from', (t) => {
  const { experiment: tree } = experiment(t);
  const moved = { ...tree, data: { ...tree.data, source: { type: 'idx' as const, images: '/x', labels: '/y' } } };
  t.deepEqual(runIdentity(moved, DATA), runIdentity(tree, DATA));
  t.not(runIdentity(tree, { fingerprint: 'e'.repeat(64) }).identity, runIdentity(tree, DATA).identity);
});

test('files of initial weights count by their content, not by their place', (t) => {
  const place = temporary(t);
  const weights = (value: number) =>
    encodeSafetensors(new Map([['layers.0.weight', { dtype: 'F32' as const, shape: [1], data: Float32Array.of(value) }]]), {});
  const [one, two] = [path.join(place, 'one'), path.join(place, 'two')];
  writeFileSync(one, weights(1));
  writeFileSync(two, weights(2));
  const of = (file: string): string => identity(t, ['model.init.type=file', `+model.init.path=${file}`]).identity;
  const first = of(one);
  t.not(of(two), first);
  renameSync(one, two);
  t.is(of(two), first);
});

test('a run writes its identity, and is found again by the same experiment with other workers', async (t) => {
  const place = temporary(t);
  const loaded = experiment(t, [`track.dir=${place}`, 'parallel.workers=1']);
  t.is((await findReusable(loaded)).found, undefined);
  const summary = await train(loaded).result;
  const again = await findReusable(experiment(t, [`track.dir=${place}`, 'parallel.workers=2', 'name=other']));
  t.is(again.found?.kind, 'finished');
  t.is(again.found?.run.record.id, summary.id);
  t.deepEqual(identityOf(summary.directory ?? ''), runIdentity(loaded.experiment, again.dataset));
  t.is((await findReusable(experiment(t, [`track.dir=${place}`, 'seed=1']))).found, undefined);
});

test('an interrupted run of the same identity is found where none is finished', async (t) => {
  const place = temporary(t);
  const loaded = experiment(t, [`track.dir=${place}`, 'parallel.workers=1']);
  const paused = await train(loaded, { pauseAt: 3 }).result;
  t.is(paused.status, 'paused');
  const { found } = await findReusable(loaded);
  t.is(found?.kind, 'unfinished');
  t.is(found?.run.record.id, paused.id);
});

test('a run without env.json has no identity', (t) => {
  const place = temporary(t);
  mkdirSync(path.join(place, 'x'));
  t.is(identityOf(path.join(place, 'x')), undefined);
});

/** Of this gradloom and all before it: with others, no run that is there could be resumed or found again. */
const FROZEN: readonly [file: string, config: string, identity: string, lineage: string][] = [
  ['mnist-best.yaml', 'ff693c1136def610', '4361b47b8cf3a036', 'c33dbe32752a0bfc'],
  ['mnist.yaml', '5f27f38e70c8f809', 'c9886d094659b047', '61157290c484678a'],
  ['seed.yaml', '5e9ec48684124bcc', '45222c54ed245e16', 'e52bccb174e971bd'],
];

test('the hashes by which runs are resumed and found again stay what they are', (t) => {
  for (const [file, config, id, lineage] of FROZEN) {
    // As they were before the version of the file changed, which is a result key.
    const { experiment: shipped } = loadExperiment(`configs/${file}`, { overrides: ['version=1'] });
    const of = runIdentity(shipped, { fingerprint: 'x' });
    t.deepEqual(
      [configHash(shipped), of.identity, of.lineage].map((hash) => hash.slice(0, 16)),
      [config, id, lineage],
      file,
    );
  }
});
