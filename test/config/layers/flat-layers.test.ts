import test from 'ava';
import { flatLayers } from '../../../src/config/layers/flat-layers.ts';
import { outputsOf } from '../../../src/config/layers/flow.ts';
import { resolvedYaml } from '../../../src/config/resolved.ts';
import type { LayerEntry } from '../../../src/config/schema/layers/entries.ts';
import { errorOf, parse } from '../support/experiments.ts';

const TEXT = `data: {source: mnist}
model:
  layers:
    - {block: stem}
    - repeat: 2
      layers:
        - residual:
            layers:
              - {type: conv2d, filters: 8, kernel: 3, padding: same, init: zeros}
              - {repeat: {times: 2, layers: [{type: conv2d, filters: 8, kernel: 1}]}}
            activation: relu
    - global_avg_pool
    - {block: head}
  blocks:
    stem: [{type: conv2d, filters: 8, kernel: 3}, {type: max_pool2d, kernel: 2}]
    head: [{repeat: 0, layers: [flatten]}, {type: dense, units: 10}]
`;

test('repeats are written out, blocks put in, and a residual stands where it ends, with the layer whose input it adds', (t) => {
  const { experiment } = parse(TEXT);
  const round = 'model.layers.1.layers.0';
  t.deepEqual(
    flatLayers(experiment.model).map(({ index, name, path, config, from }) => [index, name, path, config.type, from]),
    [
      [0, 'layers.0', 'model.blocks.stem.0', 'conv2d', 0],
      [1, 'layers.1', 'model.blocks.stem.1', 'max_pool2d', 1],
      [2, 'layers.2', `${round}.residual.layers.0`, 'conv2d', 2],
      [3, 'layers.3', `${round}.residual.layers.1.repeat.layers.0`, 'conv2d', 3],
      [4, 'layers.4', `${round}.residual.layers.1.repeat.layers.0`, 'conv2d', 4],
      [5, 'layers.5', round, 'residual', 2],
      [6, 'layers.6', `${round}.residual.layers.0`, 'conv2d', 6],
      [7, 'layers.7', `${round}.residual.layers.1.repeat.layers.0`, 'conv2d', 7],
      [8, 'layers.8', `${round}.residual.layers.1.repeat.layers.0`, 'conv2d', 8],
      [9, 'layers.9', round, 'residual', 6],
      [10, 'layers.10', 'model.layers.2', 'global_avg_pool', 10],
      [11, 'layers.11', 'model.blocks.head.1', 'dense', 11],
    ],
  );
  t.deepEqual(flatLayers(experiment.model)[5]?.config, {
    type: 'residual',
    projection: 'auto',
    batch_norm: false,
    activation: { type: 'relu' },
  });
  t.is(outputsOf(flatLayers(experiment.model)), 10);
});

test('a resolved experiment with layers in layers runs again as it is', (t) => {
  const loaded = parse(TEXT);
  const again = parse(resolvedYaml(loaded));
  t.deepEqual(again.experiment, loaded.experiment);
  t.is(resolvedYaml(again), resolvedYaml(loaded));
});

test('how often is varied by one key, in either form', (t) => {
  const count = (overrides: string[]): number => flatLayers(parse(TEXT, overrides).experiment.model).length;
  t.is(count([]), 12);
  t.is(count(['model.layers.1.repeat=5']), 24);
  t.is(count(['model.layers.1.repeat=0']), 4);
  t.is(count(['model.layers.1.layers.0.residual.layers.1.repeat.times=0']), 8);
  t.is(count(['model.layers.1.layers.0.residual.layers.0.filters=8', 'model.blocks.head.0.repeat=3']), 15);
});

test('a layer that becomes another keeps the keys that both have, and says what it drops', (t) => {
  const { experiment, notices } = parse(
    'data: {source: mnist}\nmodel: {layers: [{type: conv2d, filters: 4, kernel: 3, activation: relu}, {type: dense, units: 2}]}\n',
    ['model.layers.0={repeat: 2, layers: [{type: dense, units: 3}]}'],
  );
  t.is(experiment.model.layers[0]?.type, 'repeat');
  t.deepEqual(notices, ['model.layers.0.type changes from conv2d to repeat, which drops filters, kernel, activation']);
});

test('layers that passed no check cannot go on for ever, nor become too many', (t) => {
  const circle = errorOf(() => flatLayers({ layers: [{ type: 'block', block: 'a' }], blocks: { a: [{ type: 'block', block: 'a' }] } }));
  t.is(circle.code, 'E_CONFIG_VALUE');
  t.is(circle.where, 'model.blocks.a.0.block');
  t.is(circle.message, 'a block that contains itself; got a > a');
  const deep: LayerEntry[] = Array.from({ length: 10 }).reduce<LayerEntry[]>(
    (layers) => [{ type: 'repeat', repeat: 10_000, layers }],
    [{ type: 'flatten' }],
  );
  t.is(errorOf(() => flatLayers({ layers: deep })).code, 'E_CONFIG_RANGE');
  const nothing = Array.from({ length: 10 }).reduce<LayerEntry[]>(
    (layers, _, i) => [{ type: 'repeat', repeat: i === 0 ? 0 : 10_000, layers }],
    [{ type: 'flatten' }],
  );
  t.deepEqual(
    flatLayers({ layers: [...nothing, { type: 'flatten' }] }).map(({ index, path }) => [index, path]),
    [[0, 'model.layers.1']],
  );
});

test('10,000 layers are written out, and no more', (t) => {
  const layers = (times: number): LayerEntry[] => [
    { type: 'repeat', repeat: 1000, layers: [{ type: 'repeat', repeat: times, layers: [{ type: 'flatten' }] }] },
  ];
  t.is(flatLayers({ layers: layers(10) }).length, 10_000);
  const error = errorOf(() => flatLayers({ layers: layers(11) }));
  t.is(error.message, 'too many layers; got 11000 once repeats and blocks are written out; expected at most 10000');
  t.is(error.where, 'model.layers.0');
});

test('blocks that double each other are nothing at once where nothing is in them', (t) => {
  const blocks: Record<string, LayerEntry[]> = { b0: [{ type: 'repeat', repeat: 0, layers: [{ type: 'flatten' }] }] };
  for (let i = 1; i <= 49; i++) blocks[`b${i}`] = Array.from({ length: 2 }, () => ({ type: 'block', block: `b${i - 1}` }));
  const layers: LayerEntry[] = [
    { type: 'block', block: 'b48' },
    { type: 'dense', units: 2 },
  ].map((entry) => entry as LayerEntry);
  t.deepEqual(
    flatLayers({ layers, blocks }).map(({ path }) => path),
    ['model.layers.1'],
  );
});
