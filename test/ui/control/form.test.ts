import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { experimentFromObject, loadExperiment } from '../../../src/config/load.ts';
import { outline } from '../../../src/config/schema/outline.ts';
import { formFields } from '../../../src/ui/control/form.ts';
import type { FormField } from '../../../src/ui/work-protocol.ts';

const CONFIGS = fileURLToPath(new URL('../../../../configs/', import.meta.url));
const TREE = {
  data: { source: { type: 'synthetic', kind: 'blobs' } },
  model: {
    layers: [
      { type: 'dense', units: 8, activation: 'relu' },
      { type: 'dense', units: 3 },
    ],
  },
  optimizer: { type: 'sgd', lr: 0.1 },
};

function fieldsOf(tree: object): Map<string, FormField> {
  return new Map(formFields(outline, experimentFromObject(tree).experiment, ['version']).map((field) => [field.key, field]));
}

test('a field has what its key takes, what it means and what it is', (t) => {
  const fields = fieldsOf(TREE);
  const like = (key: string, wanted: Partial<FormField>): void => {
    t.like(fields.get(key), wanted, key);
    t.not(fields.get(key)?.description, '', key);
  };
  like('optimizer.lr', { block: 'optimizer', control: 'number', isWhole: false, value: '0.1', takes: 'a number above 0' });
  like('optimizer.nesterov', { control: 'choice', choices: ['true', 'false'], value: 'false' });
  like('train.accumulate', { control: 'number', isWhole: true, least: 1, value: '1' });
  like('seed', { block: 'experiment', control: 'number', isWhole: true, least: 0, most: null, value: '0' });
  t.like(fields.get('optimizer.type'), { control: 'choice', value: 'sgd' });
  t.true(fields.get('optimizer.type')?.choices.includes('adam'));
  t.like(fields.get('model.layers.1.units'), { control: 'number', value: '3' });
  t.like(fields.get('model.layers.0.activation.type'), { control: 'choice', value: 'relu' });
  t.like(fields.get('train.early_stop'), { control: 'text', value: '' });
  t.regex(fields.get('train.early_stop')?.takes ?? '', /\{metric, goal, patience/);
  t.like(fields.get('metrics'), { control: 'text', value: '[accuracy]' });
  t.true(fields.get('parallel.workers')?.choices.includes('auto'));
  t.false(fields.has('version'));
});

test('layers in layers have fields of their own, and so have those of blocks; what the fields say, written as changes, changes nothing', (t) => {
  const tree = {
    ...TREE,
    model: {
      layers: [
        { block: 'stem' },
        { repeat: 2, layers: [{ type: 'dense', units: 8 }] },
        { repeat: { times: 3, layers: [{ residual: { layers: [{ type: 'dense', units: 8 }], activation: 'relu' } }] } },
        { type: 'dense', units: 3 },
      ],
      blocks: { stem: ['flatten', { type: 'dense', units: 16 }] },
    },
  };
  const fields = fieldsOf(tree);
  t.like(fields.get('model.layers.0.block'), { control: 'text', value: 'stem' });
  t.like(fields.get('model.layers.1.repeat'), { value: '2', least: 0 });
  t.like(fields.get('model.layers.1.layers.0.units'), { control: 'number', value: '8' });
  t.like(fields.get('model.layers.2.repeat.times'), { control: 'number', value: '3' });
  t.like(fields.get('model.layers.2.repeat.layers.0.residual.activation.type'), { control: 'choice', value: 'relu' });
  t.like(fields.get('model.blocks.stem.1.units'), { control: 'number', value: '16' });
  const overrides = [...fields.values()]
    .filter(({ value, key }) => value !== '' && !/path|dir/.test(key))
    .map(({ key, value }) => `${key}=${value}`);
  t.deepEqual(experimentFromObject(tree, { overrides }).experiment, experimentFromObject(tree).experiment);
});

test('another variant has its own keys, and none of the one before', (t) => {
  const fields = fieldsOf({ ...TREE, optimizer: { type: 'adam' } });
  t.true(fields.has('optimizer.betas'));
  t.false(fields.has('optimizer.nesterov'));
  t.is(fields.get('optimizer.betas')?.value, '[0.9, 0.999]');
});

for (const name of readdirSync(CONFIGS).filter((file) => file.endsWith('.yaml') && !/sweep|speedup/.test(file))) {
  test(`what the fields of ${name} say, written as changes, changes nothing`, (t) => {
    const file = path.join(CONFIGS, name);
    const { experiment } = loadExperiment(file, {});
    const fields = formFields(outline, experiment, ['version', 'extends']);
    t.true(fields.length > 30);
    // A path counts from the file in which it stands, and is shown as it was resolved.
    const overrides = fields.filter(({ value, key }) => value !== '' && !/path|dir/.test(key)).map(({ key, value }) => `${key}=${value}`);
    t.deepEqual(loadExperiment(file, { overrides }).experiment, experiment, overrides.join('\n'));
  });
}
