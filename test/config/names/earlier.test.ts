import test from 'ava';
import { loadExperiment, parseExperiment } from '../../../src/config/load.ts';
import { resolvedYaml } from '../../../src/config/resolved.ts';

const MINIMAL = 'data: {source: mnist}\nmodel: {layers: [{type: dense, units: 10}]}\n';
const parse = (text: string) => parseExperiment(text, { file: 'a.yaml' }).experiment;

test('a file of version 1 means what it meant', (t) => {
  const { data, optimizer } = parse(`version: 1\n${MINIMAL}`);
  t.is(data.normalize, 'none');
  t.like(optimizer, { type: 'sgd', lr: 0.01 });
  t.like(parse(`version: 1\noptimizer: {lr: 0.5}\n${MINIMAL}`).optimizer, { type: 'sgd', lr: 0.5 });
  t.like(parse(`version: 1\noptimizer: adam\n${MINIMAL}`).optimizer, { type: 'adam', lr: 0.001 });
  t.is(parse(`version: 1\n${MINIMAL.replace('mnist}', 'mnist, normalize: zscore}')}`).data.normalize, 'zscore');
});

test('a file without a version is of the newest, and says so once it is resolved', (t) => {
  const experiment = parse(MINIMAL);
  t.is(experiment.data.normalize, 'auto');
  t.like(experiment.optimizer, { type: 'adam', lr: 0.01 });
  t.regex(resolvedYaml({ experiment }), /^version: 2\n/);
});

test('the resolved file of a version 1 experiment gives the same experiment again', (t) => {
  const experiment = parse(`version: 1\n${MINIMAL}`);
  t.deepEqual(parse(resolvedYaml({ experiment })), experiment);
});

test('the shipped experiments do not depend on defaults that changed', (t) => {
  for (const name of ['mnist', 'mnist-best', 'seed']) {
    const { experiment } = loadExperiment(new URL(`../../../../configs/${name}.yaml`, import.meta.url).pathname);
    const earlier = loadExperiment(new URL(`../../../../configs/${name}.yaml`, import.meta.url).pathname, { overrides: ['version=1'] });
    t.deepEqual({ ...earlier.experiment, version: 2 }, { ...experiment, version: 2 }, name);
  }
});
