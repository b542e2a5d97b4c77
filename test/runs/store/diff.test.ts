import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { loadExperiment } from '../../../src/config/load.ts';
import { resultKeys } from '../../../src/config/resolved.ts';
import { factsOf } from '../../../src/config/schema/key-facts.ts';
import type { Experiment } from '../../../src/config/schema/schema.ts';
import { configValues } from '../../../src/config/tree/values.ts';
import { GradloomError } from '../../../src/errors.ts';
import { compareChains } from '../../../src/runs/files/digests.ts';
import { readDigests } from '../../../src/runs/files/run-lines.ts';
import { diffRuns } from '../../../src/runs/store/diff.ts';
import { findRun } from '../../../src/runs/store/store.ts';
import { type RunText, runsPlace, writeRun } from '../support/stored-runs.ts';

const line = (step: number, digest: string, tensors: Record<string, string> = {}) => ({ step, digest, tensors });
const ENVIRONMENT = { kernels: 1, basis: { data: 'd'.repeat(64), init: {} } };

async function diffOf(t: Parameters<typeof runsPlace>[0], a: RunText, b: RunText) {
  const place = runsPlace(t);
  writeRun(place, 'a', { environment: ENVIRONMENT, ...a });
  writeRun(place, 'b', { environment: ENVIRONMENT, ...b });
  return diffRuns(await findRun('a', place), await findRun('b', place));
}

test('result keys are exactly the keys of kind result', (t) => {
  for (const file of ['seed', 'mnist', 'mnist-best']) {
    const { experiment } = loadExperiment(`configs/${file}.yaml`, { overrides: ['+track.statistics.every.epochs=1', 'track.notes=x'] });
    const kept = Object.keys(configValues(resultKeys(experiment)));
    t.deepEqual(
      Object.keys(configValues(experiment)).filter((key) => factsOf(key).kind === 'result'),
      kept,
    );
  }
});

test('chains are compared at common steps, in order', (t) => {
  t.deepEqual(compareChains([line(10, 'a'), line(20, 'b')], [line(10, 'a'), line(15, 'x'), line(20, 'b')]), { equal: 2 });
  t.deepEqual(compareChains([line(10, 'a')], []), { equal: 0 });
  t.deepEqual(
    compareChains([line(10, 'a'), line(20, 'b', { w: '1', v: '2' })], [line(10, 'a'), line(20, 'c', { w: '1', v: '3', u: '4' })]),
    {
      equal: 1,
      first: { step: 20, tensors: ['v', 'u'] },
    },
  );
  // After a rollback step 20 comes twice.
  t.deepEqual(compareChains([line(20, 'b'), line(20, 'c')], [line(20, 'b'), line(20, 'c')]), { equal: 2 });
});

test('a torn last line of digests is left out, damage before it is an error with its line', async (t) => {
  const place = runsPlace(t);
  const directory = writeRun(place, 'a', { digests: [line(1, 'a')] });
  appendFileSync(path.join(directory, 'digests.jsonl'), '{"step":2,');
  t.deepEqual(readDigests(directory), [line(1, 'a')]);
  appendFileSync(path.join(directory, 'digests.jsonl'), '\n{"step":3,"digest":"c","tensors":{}}\n');
  t.like(
    t.throws(() => readDigests(directory)),
    { code: 'E_RUN_FILE', where: `${path.join(directory, 'digests.jsonl')}:2` },
  );
});

test('runs that differ in execution keys only must be identical, and are', async (t) => {
  const digests = [line(50, 'a'), line(100, 'b')];
  const diff = await diffOf(
    t,
    { digests },
    { digests, config: { parallel: { workers: 1 }, tags: ['x'], train: { checkpoint: { keep: 9 } } } },
  );
  t.deepEqual(diff.execution.map(({ key }) => key).toSorted(), ['parallel.workers', 'train.checkpoint.keep']);
  t.deepEqual(diff.label.map(({ key }) => key).toSorted(), ['tags', 'tags.0']);
  t.like(diff, { result: [], expected: 'identical', isBroken: false, sameEnd: true, digests: { equal: 2 } });
});

test('runs that must be identical and are not are broken, at the first differing digest', async (t) => {
  const diff = await diffOf(
    t,
    { digests: [line(50, 'a', { w: '1' })] },
    { digests: [line(50, 'b', { w: '2' })], summary: { digest: 'c' } },
  );
  t.like(diff, { expected: 'identical', isBroken: true, sameEnd: false });
  t.deepEqual(diff.digests, { equal: 0, first: { step: 50, tensors: ['w'] } });
});

const mayDiffer: [title: string, b: RunText][] = [
  ['a result key', { config: { optimizer: { type: 'sgd', lr: 0.5 } } }],
  ['kernels', { environment: { ...ENVIRONMENT, kernels: 2 } }],
  ['data', { environment: { kernels: 1, basis: { data: 'e'.repeat(64), init: {} } } }],
  ['initial weights', { environment: { kernels: 1, basis: { data: 'd'.repeat(64), init: { 'w.safetensors': 'f' } } } }],
];
for (const [title, b] of mayDiffer) {
  test(`runs that differ in ${title} may differ`, async (t) => {
    t.like(await diffOf(t, {}, { summary: { digest: 'c' }, ...b }), { expected: 'may differ', isBroken: false });
  });
}

test('without env.json nobody knows whether runs must be identical', async (t) => {
  const place = runsPlace(t);
  writeRun(place, 'a');
  writeRun(place, 'b', { summary: { digest: 'c' } });
  t.like(diffRuns(await findRun('a', place), await findRun('b', place)), { expected: 'unknown', isBroken: false });
});

test('paths of data with the same content are labels', async (t) => {
  const place = runsPlace(t);
  const idx = (images: string) => ({ data: { source: { type: 'idx' as const, images, labels: '/l' } } });
  writeRun(place, 'a', { config: idx('/one'), environment: ENVIRONMENT });
  writeRun(place, 'b', { config: idx('/two'), environment: ENVIRONMENT });
  const same = diffRuns(await findRun('a', place), await findRun('b', place));
  t.deepEqual([same.result, same.label.map(({ key }) => key)], [[], ['data.source.images']]);
  writeRun(place, 'c', { config: idx('/two') });
  t.deepEqual(
    diffRuns(await findRun('a', place), await findRun('c', place)).result.map(({ key }) => key),
    ['data.source.images'],
  );
});

test('the fake runs of these tests have configs as trained ones have', (t) => {
  const directory = writeRun(runsPlace(t), 'a');
  const config = parse(readFileSync(path.join(directory, 'config.yaml'), 'utf8')) as Experiment;
  t.is(config.track.dir, './runs');
});

test('runs whose configs cannot be read are not told to be the same', async (t) => {
  const place = runsPlace(t);
  for (const id of ['a', 'b']) {
    writeRun(place, id, { environment: ENVIRONMENT });
    writeFileSync(path.join(place, id, 'config.yaml'), 'a: [');
  }
  const [a, b] = [await findRun('a', place), await findRun('b', place)];
  const error = t.throws(() => diffRuns(a, b), { instanceOf: GradloomError });
  t.is(error.code, 'E_RUN_FILE');
  t.is(error.where, path.join(place, 'a'));
  t.regex(error.message, /^no config to compare: config\.yaml: /);
});
