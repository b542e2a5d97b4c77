import test from 'ava';
import type { LoadedExperiment } from '../../../src/config/validate.ts';
import { EXIT } from '../../../src/errors.ts';
import { errorOf, parse, problemsOf } from '../support/experiments.ts';

const DENSE = '{type: dense, units: 10}';
const CONV = '{type: conv2d, filters: 8, kernel: 3}';

/** A model's blocks and layers, each layer on a line of its own: the first one on line 4. */
const text = (layers: readonly string[], blocks: Readonly<Record<string, string>> = {}): string =>
  [
    'data: {source: mnist}',
    'model:',
    '  layers:',
    ...layers.map((layer) => `    - ${layer}`),
    ...(Object.keys(blocks).length === 0 ? [] : ['  blocks:']),
    ...Object.entries(blocks).map(([name, list]) => `    ${name}: ${list}`),
    '',
  ].join('\n');

const REFUSED: readonly { title: string; layers: readonly string[]; blocks?: Readonly<Record<string, string>>; problems: string[] }[] = [
  {
    title: 'a residual that is the list of its layers',
    layers: [`{residual: [${CONV}]}`, DENSE],
    problems: ['4:8 [E_CONFIG_TYPE] model.layers.0.residual: wrong type; got a list; expected a map with layers'],
  },
  {
    title: 'a block that is not there',
    layers: ['{block: stem}', DENSE],
    problems: ['4:15 [E_CONFIG_VALUE] model.layers.0.block: unknown block; got stem; expected a name in model.blocks, which has none'],
  },
  {
    title: 'a misspelt block',
    layers: ['{block: stem}', DENSE],
    blocks: { stom: `[${CONV}]` },
    problems: ['4:15 [E_CONFIG_VALUE] model.layers.0.block: unknown block; got stem; expected a name in model.blocks; did you mean stom?'],
  },
  {
    title: 'a block that contains itself',
    layers: ['{block: a}', DENSE],
    blocks: { a: '[flatten, {block: b}]', b: '[{repeat: 2, layers: [{block: a}]}]' },
    problems: ['8:38 [E_CONFIG_VALUE] model.blocks.b.0.layers.0.block: a block that contains itself; got a > b > a'],
  },
  {
    title: 'a block that contains itself and is used nowhere',
    layers: [DENSE],
    blocks: { a: '[{block: a}]' },
    problems: ['6:17 [E_CONFIG_VALUE] model.blocks.a.0.block: a block that contains itself; got a > a'],
  },
  {
    title: 'a block of a name that no override could say',
    layers: [DENSE],
    blocks: { 'a.b': `[${DENSE}]` },
    problems: [
      "6:5 [E_CONFIG_VALUE] model.blocks.a.b: not a usable name; got a.b; expected letters, digits, '_' and '-', with a letter first",
    ],
  },
  {
    title: 'an empty block',
    layers: [DENSE],
    blocks: { a: '[]' },
    problems: ['6:5 [E_CONFIG_RANGE] model.blocks.a: out of range; got 0 items; expected a list of 1 to 1000 items'],
  },
  {
    title: 'a million layers in a line',
    layers: [`{repeat: 1000, layers: [{repeat: 1000, layers: [${DENSE}]}]}`],
    problems: [
      '4:7 [E_CONFIG_RANGE] model.layers.0: too many layers; got 1000000 once repeats and blocks are written out; expected at most 10000',
    ],
  },
  {
    title: 'layers that are too many together',
    layers: [`{repeat: 1000, layers: [${Array(9).fill(DENSE).join(', ')}]}`, `{repeat: 1000, layers: [${DENSE}, ${DENSE}]}`],
    problems: [
      '5:7 [E_CONFIG_RANGE] model.layers.1: too many layers; got 11000 once repeats and blocks are written out; expected at most 10000',
    ],
  },
  {
    title: 'blocks of blocks that double',
    layers: ['{block: b40}'],
    blocks: Object.fromEntries([
      ['b0', `[${DENSE}]`],
      ...Array.from({ length: 40 }, (_, i) => [`b${i + 1}`, `[{block: b${i}}, {block: b${i}}]`]),
    ]) as Record<string, string>,
    problems: [
      '20:25 [E_CONFIG_RANGE] model.blocks.b14.1: too many layers; got 16384 once repeats and blocks are written out; expected at most 10000',
    ],
  },
  {
    title: 'blocks in blocks, 51 deep',
    layers: ['{block: b50}'],
    blocks: Object.fromEntries([
      ['b0', `[${DENSE}]`],
      ...Array.from({ length: 50 }, (_, i) => [`b${i + 1}`, `[{block: b${i}}]`]),
    ]) as Record<string, string>,
    problems: ['4:7 [E_CONFIG_RANGE] model.layers.0: layers within layers; got more than 50 levels; expected at most 50'],
  },
  {
    title: 'a repeat without layers',
    layers: ['{repeat: 3}', DENSE],
    problems: ['4:7 [E_CONFIG_MISSING] model.layers.0.layers: missing; expected the layers to repeat'],
  },
  {
    title: 'a repeat with two lists',
    layers: [`{repeat: {times: 2, layers: [${DENSE}]}, layers: [${DENSE}]}`],
    problems: ['4:64 [E_CONFIG_VALUE] model.layers.0.layers: model.layers.0.repeat.layers holds the layers; expected one of the two'],
  },
  {
    title: 'repeats of nothing',
    layers: [`{repeat: 0, layers: [${DENSE}]}`],
    problems: ['3:3 [E_CONFIG_VALUE] model.layers: no layers: every repeat is 0; expected at least one layer'],
  },
  {
    title: 'a residual of nothing',
    layers: [`{residual: {layers: [{repeat: 0, layers: [${DENSE}]}]}}`, DENSE],
    problems: ['4:7 [E_CONFIG_VALUE] model.layers.0: nothing to add the input to: every repeat inside is 0; expected at least one layer'],
  },
  {
    title: 'a residual without layers',
    layers: ['{residual: {layers: []}}', DENSE],
    problems: ['4:19 [E_CONFIG_RANGE] model.layers.0.residual.layers: out of range; got 0 items; expected a list of 1 to 1000 items'],
  },
  {
    title: 'a repeat less than never',
    layers: [`{repeat: -1, layers: [${DENSE}]}`],
    problems: [
      '4:16 [E_CONFIG_RANGE] model.layers.0.repeat: out of range; got -1; expected an integer from 0 to 10000, or a map with times and layers',
    ],
  },
  {
    title: 'faults of layers within layers',
    layers: [
      '{repeat: 2, layers: [{type: dense, units: 3, batch_norm: true, layer_norm: true}]}',
      '{residual: {layers: [{type: dense, units: 3, batchnorm: true}]}}',
      `{repeat: {times: 2, layers: [{type: dense, unit: 3}]}}`,
    ],
    problems: [
      '4:82 [E_CONFIG_VALUE] model.layers.0.layers.0.layer_norm: batch_norm is on too; expected one of the two',
      '5:52 [E_CONFIG_UNKNOWN_KEY] model.layers.1.residual.layers.0.batchnorm: unknown key; did you mean model.layers.1.residual.layers.0.batch_norm?',
      '6:36 [E_CONFIG_MISSING] model.layers.2.repeat.layers.0.units: missing; expected an integer from 1 to 1000000',
      '6:50 [E_CONFIG_UNKNOWN_KEY] model.layers.2.repeat.layers.0.unit: unknown key; did you mean model.layers.2.repeat.layers.0.units?',
    ],
  },
  {
    title: 'a residual layer that fits the first round of a repeat only',
    layers: [DENSE, '{repeat: 2, layers: [{type: dense, units: 10, residual: true}, {type: dense, units: 20}]}', DENSE],
    problems: ['5:63 [E_CONFIG_VALUE] model.layers.1.layers.0.residual: adds 20 inputs to 10 outputs; expected the same number'],
  },
  {
    title: 'initial weights of a layer within layers',
    layers: ['{repeat: 2, layers: [{type: dense, units: 3, init: {type: uniform, low: 1, high: 0}}]}'],
    problems: ['4:88 [E_CONFIG_RANGE] model.layers.0.layers.0.init.high: low must be below high; got low 1 and high 0'],
  },
  {
    title: 'a picture at the end',
    layers: [CONV],
    problems: [
      '4:7 [E_CONFIG_VALUE] model.layers.0: the last layer gives a picture; expected flat values | put flatten, global_avg_pool or a dense layer behind it',
    ],
  },
  {
    title: 'a sequence at the end of a residual',
    layers: ['{residual: {layers: [{type: conv1d, filters: 8, kernel: 3}]}}'],
    problems: [
      '4:7 [E_CONFIG_VALUE] model.layers.0: the last layer gives a sequence; expected flat values | put flatten, global_avg_pool or a dense layer behind it',
    ],
  },
  {
    title: 'a convolution of flat values',
    layers: [DENSE, CONV, 'flatten'],
    problems: [
      '5:7 [E_CONFIG_VALUE] model.layers.1: conv2d takes a picture; the layer before it gives flat values | put {type: reshape, shape: [channels, height, width]} in front of it',
    ],
  },
  {
    title: 'a pool of sequences behind pictures',
    layers: [CONV, '{type: max_pool1d, kernel: 2}', DENSE],
    problems: [
      '5:7 [E_CONFIG_VALUE] model.layers.1: max_pool1d takes a sequence; the layer before it gives a picture | write type: max_pool2d',
    ],
  },
  {
    title: 'a mean of flat values',
    layers: [DENSE, 'global_avg_pool'],
    problems: [
      '5:7 [E_CONFIG_VALUE] model.layers.1: global_avg_pool takes a picture or a sequence; the layer before it gives flat values | leave it out',
    ],
  },
  {
    title: 'another form for a picture',
    layers: [CONV, '{type: reshape, shape: [2, 3]}', DENSE],
    problems: [
      '5:7 [E_CONFIG_VALUE] model.layers.1: reshape takes flat values; the layer before it gives a picture | remove it, or put a dense layer in front of it',
    ],
  },
  {
    title: 'another number of values',
    layers: [DENSE, '{type: reshape, shape: [3, 5]}', 'flatten'],
    problems: ['5:23 [E_CONFIG_VALUE] model.layers.1.shape: got 3 x 5 = 15 values; expected the 10 of the layer before it'],
  },
  {
    title: 'same padding with a stride',
    layers: ['{type: conv2d, filters: 8, kernel: 3, stride: [1, 2], padding: same}', DENSE],
    problems: [
      '4:70 [E_CONFIG_VALUE] model.layers.0.padding: same goes with stride 1; got stride [1, 2]; expected zeros in numbers, or valid | padding: 1 gives as many outputs as steps fit into the input',
    ],
  },
  {
    title: 'dropout of values and of channels',
    layers: ['{type: conv1d, filters: 8, kernel: 3, dropout: 0.1, dropout1d: 0.1}', DENSE],
    problems: ['4:70 [E_CONFIG_VALUE] model.layers.0.dropout1d: dropout is on too; expected one of the two'],
  },
  {
    title: 'groups that divide neither filters nor channels',
    layers: ['{type: conv2d, filters: 8, kernel: 3, groups: 3}', '{type: conv2d, filters: 9, kernel: 3, groups: 3}', DENSE],
    problems: [
      '4:53 [E_CONFIG_VALUE] model.layers.0.groups: got 3 groups; expected a divisor of the 8 filters',
      '5:53 [E_CONFIG_VALUE] model.layers.1.groups: got 3 groups; expected a divisor of the 8 channels that come in',
    ],
  },
  {
    title: 'a pool whose windows lie in the padding',
    layers: ['{type: max_pool2d, kernel: [2, 4], padding: [1, 3]}', DENSE],
    problems: [
      '4:42 [E_CONFIG_RANGE] model.layers.0.padding: out of range; got [1, 3] with kernel [2, 4]; expected at most half of the kernel',
    ],
  },
  {
    title: 'a convolution that adds an input of other channels',
    layers: [CONV, '{type: conv2d, filters: 16, kernel: 3, padding: same, residual: true}', DENSE],
    problems: [
      '5:71 [E_CONFIG_VALUE] model.layers.1.residual: adds 8 channels to 16 filters; expected the same number | write {residual: {layers: [...]}}, which has a projection',
    ],
  },
  {
    title: 'a convolution that adds an input of another extent',
    layers: ['{type: conv2d, filters: 8, kernel: 3, residual: true}', DENSE],
    problems: ['4:55 [E_CONFIG_VALUE] model.layers.0.residual: the output has another extent than the input | set padding: same'],
  },
  {
    title: 'a convolution with a stride that adds its input',
    layers: ['{type: conv2d, filters: 8, kernel: 1, stride: 2, residual: true}', DENSE],
    problems: [
      '4:66 [E_CONFIG_VALUE] model.layers.0.residual: a stride makes the output smaller than the input; expected stride 1 | write {residual: {layers: [...]}}, which has a projection',
    ],
  },
  {
    title: 'a picture added to flat outputs',
    layers: [CONV, '{type: dense, units: 10, residual: true}'],
    problems: [
      '5:42 [E_CONFIG_VALUE] model.layers.1.residual: adds a picture to flat outputs; expected flat inputs | put flatten in front of the layer',
    ],
  },
  {
    title: 'a residual of flat values of another width',
    layers: [DENSE, '{residual: {layers: [{type: dense, units: 4}]}}'],
    problems: ['5:8 [E_CONFIG_VALUE] model.layers.1.residual: adds 10 inputs to 4 outputs; expected the same number'],
  },
  {
    title: 'a projection of flat values',
    layers: [DENSE, `{residual: {projection: true, layers: [{type: dense, units: 4}, ${DENSE}]}}`],
    problems: ['5:31 [E_CONFIG_VALUE] model.layers.1.residual.projection: flat values have no projection; expected auto or false'],
  },
  {
    title: 'a residual of other channels without a projection',
    layers: [CONV, '{residual: {projection: false, layers: [{type: conv2d, filters: 4, kernel: 3, padding: same}]}}', DENSE],
    problems: ['5:31 [E_CONFIG_VALUE] model.layers.1.residual.projection: false adds 8 channels to 4; expected auto, true, or as many'],
  },
  {
    title: 'a residual that ends in another form',
    layers: [CONV, '{residual: {layers: [global_avg_pool]}}', DENSE],
    problems: ['5:8 [E_CONFIG_VALUE] model.layers.1.residual: adds a picture to flat values; expected layers that keep the form'],
  },
];

for (const { title, layers, blocks, problems } of REFUSED) {
  test(`is refused at its place, with what is expected: ${title}`, (t) => {
    const given = (): LoadedExperiment => parse(text(layers, blocks));
    t.deepEqual(
      problemsOf(given),
      problems.map((problem) => `a.yaml:${problem}`),
    );
    t.is(errorOf(given).exitCode, EXIT.config);
  });
}

for (const layers of [
  [CONV, '{type: max_pool2d, kernel: 2}', 'flatten', DENSE],
  [CONV, DENSE],
  [CONV, 'global_avg_pool'],
  ['{type: conv2d, filters: 8, kernel: [5, 3], padding: same, dilation: 2}', 'global_avg_pool', DENSE],
  ['{type: conv2d, filters: 8, kernel: 4, padding: valid}', '{type: conv2d, filters: 8, kernel: 5, padding: 2, residual: true}', DENSE],
  ['{type: reshape, shape: [1, 28, 28]}', CONV, DENSE],
  ['{type: dense, units: 12}', '{type: reshape, shape: [3, 2, 2]}', '{type: conv2d, filters: 6, kernel: 1, groups: 3}', DENSE],
  ['{type: reshape, shape: [28, 28], channels: last}', '{type: conv1d, filters: 8, kernel: 3}', '{type: avg_pool1d, kernel: 2}', DENSE],
  [
    CONV,
    '{residual: {layers: [{type: conv2d, filters: 16, kernel: 3, stride: 2, padding: 1}], batch_norm: true, activation: relu}}',
    DENSE,
  ],
  [DENSE, `{residual: {layers: [{type: dense, units: 4}, ${DENSE}]}}`],
  ['{repeat: 0, layers: [{type: dense, units: 3}]}', DENSE],
  [`{repeat: 100, layers: [${DENSE}]}`],
]) {
  test(`is accepted: ${layers.join(', ')}`, (t) => {
    t.notThrows(() => parse(text(layers)));
  });
}

test('outputs of the last layer are known behind residuals, pools and repeats', (t) => {
  const metrics = (layers: readonly string[]): string[] => problemsOf(() => parse(`${text(layers)}metrics: [top10_accuracy]\n`));
  const refused = ['metrics.0: always 1; got k 10; expected k below the 8 outputs of the last layer'];
  const ends = (problems: readonly string[]): string[] => problems.map((problem) => problem.replace(/^.*?\] /, ''));
  const eight = '{type: dense, units: 8}';
  t.deepEqual(ends(metrics([eight])), refused);
  t.deepEqual(ends(metrics([eight, `{residual: {layers: [${eight}]}}`])), refused);
  t.deepEqual(ends(metrics([`{repeat: 3, layers: [${DENSE}, ${eight}]}`])), refused);
  t.deepEqual(ends(metrics([CONV, '{type: max_pool2d, kernel: 2}', 'global_avg_pool'])), refused);
});
