import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { InitializerConfig } from '../../src/config/schema/schema.ts';
import { GradloomError } from '../../src/errors.ts';
import { initialState } from '../../src/model/initializers.ts';
import { buildNetwork } from '../../src/model/network.ts';
import { readTensor } from '../../src/model/parameters.ts';
import { encodeSafetensors } from '../../src/storage/safetensors/bytes.ts';
import { denseLayers } from '../config/support/experiments.ts';
import { makeExperiment } from '../engine/support/outcome.ts';

const IN = 200;
const OUT = 150;
const network = buildNetwork(makeExperiment({ layers: [{ units: OUT, activation: 'relu' }, { units: 7 }] }), [IN]);

function tensorsOf(init: InitializerConfig, seed = 1): Float32Array[] {
  const { parameters: vector } = initialState(network, { init }, seed);
  return network.parameters.map((tensor) => readTensor(vector, tensor));
}

const mean = (values: Float32Array): number => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = (values: Float32Array, around: number): number =>
  Math.sqrt(values.reduce((a, b) => a + (b - around) ** 2, 0) / values.length);

interface Case {
  init: InitializerConfig;
  /** PyTorch's numbers for a weight [OUT, IN]; torch.nn.init of 2.x. */
  mean: number;
  std: number;
  bound?: number;
  low?: number;
}

const CASES: readonly Case[] = [
  { init: { type: 'normal', mean: 0.5, std: 0.2 }, mean: 0.5, std: 0.2 },
  { init: { type: 'uniform', low: -1, high: 3 }, mean: 1, std: 4 / Math.sqrt(12), low: -1, bound: 3 },
  { init: { type: 'he_normal' }, mean: 0, std: Math.sqrt(2 / IN) },
  { init: { type: 'he_uniform' }, mean: 0, std: Math.sqrt(2 / IN), bound: Math.sqrt(6 / IN) },
  { init: { type: 'xavier_normal' }, mean: 0, std: Math.sqrt(2 / (IN + OUT)) },
  { init: { type: 'xavier_uniform' }, mean: 0, std: Math.sqrt(2 / (IN + OUT)), bound: Math.sqrt(6 / (IN + OUT)) },
  { init: { type: 'torch_linear' }, mean: 0, std: 1 / Math.sqrt(3 * IN), bound: 1 / Math.sqrt(IN) },
];

for (const { init, mean: expectedMean, std, bound, low } of CASES) {
  test(`${init.type} has PyTorch's mean, deviation and bounds`, (t) => {
    const [weight, bias] = tensorsOf(init) as [Float32Array, Float32Array];
    const count = weight.length;
    // Five standard errors: mean std/sqrt(n), deviation at most std/sqrt(2n).
    t.true(Math.abs(mean(weight) - expectedMean) < (5 * std) / Math.sqrt(count), `mean ${mean(weight)}`);
    t.true(
      Math.abs(deviation(weight, expectedMean) - std) < (5 * std) / Math.sqrt(2 * count),
      `deviation ${deviation(weight, expectedMean)}, expected ${std}`,
    );
    if (bound !== undefined) {
      const lower = low ?? -bound;
      const [least, most] = [Math.min(...weight), Math.max(...weight)];
      t.true(least >= Math.fround(lower) && most <= Math.fround(bound));
      t.true(least < lower + 0.01 * (bound - lower) && most > bound - 0.01 * (bound - lower), 'the whole range is used');
    }
    t.is(new Set(weight).size > 0.98 * count, true, 'values differ');
    if (init.type === 'torch_linear') {
      t.true(
        bias.every((v) => Math.abs(v) <= 1 / Math.sqrt(IN)) && Math.max(...bias.map(Math.abs)) > 0.9 / Math.sqrt(IN),
        'biases by fan in',
      );
    } else {
      t.true(
        bias.every((v) => Object.is(v, 0)),
        'biases start at 0',
      );
    }
  });
}

test('zeros are zeros', (t) => {
  for (const tensor of tensorsOf({ type: 'zeros' })) t.true(tensor.every((v) => Object.is(v, 0)));
});

test('values are a function of (seed, tensor, element): another seed and another tensor differ, the widths after a tensor do not matter', (t) => {
  const one = tensorsOf({ type: 'normal', mean: 0, std: 1 }, 1);
  t.deepEqual(tensorsOf({ type: 'normal', mean: 0, std: 1 }, 1), one);
  const other = tensorsOf({ type: 'normal', mean: 0, std: 1 }, 2);
  t.notDeepEqual(other[0], one[0]);
  t.notDeepEqual(one[2]!.slice(0, 50), one[0]!.slice(0, 50));
  const wider = buildNetwork(makeExperiment({ layers: [{ units: OUT }, { units: 12 }, { units: 3 }] }), [IN]);
  const { parameters: vector } = initialState(wider, { init: { type: 'normal', mean: 0, std: 1 } }, 1);
  t.deepEqual(readTensor(vector, wider.parameters[0]!), one[0]);
});

test("a layer's own init overrides the model's", (t) => {
  const mixed = makeExperiment({ layers: [{ units: 4 }, { units: 2 }] });
  denseLayers(mixed)[1]!.init = { type: 'zeros' };
  const net = buildNetwork(mixed, [3]);
  const { parameters: vector } = initialState(net, { ...mixed.model, init: { type: 'uniform', low: 1, high: 2 } }, 0);
  t.true(readTensor(vector, net.parameters[0]!).every((v) => v >= 1 && v <= 2));
  t.true(readTensor(vector, net.parameters[2]!).every((v) => v === 0));
});

function fileWith(
  t: { teardown(fn: () => void): void },
  tensors: ReadonlyMap<string, { dtype: 'F32'; shape: readonly number[]; data: Float32Array }>,
): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-init-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'init.safetensors');
  writeFileSync(file, encodeSafetensors(tensors));
  return file;
}

test("a file in PyTorch's layout becomes the parameters and comes back as it was", (t) => {
  const values = network.parameters.map((tensor, i) => Float32Array.from({ length: tensor.size }, (_, j) => 1000 * i + j));
  const tensors = new Map(
    network.parameters.map((tensor, i) => [tensor.name, { dtype: 'F32' as const, shape: tensor.shape, data: values[i]! }]),
  );
  t.deepEqual(tensorsOf({ type: 'file', path: fileWith(t, tensors) }), values);
});

test('a file with a missing tensor, an unexpected one and another shape is E_TENSOR_MISMATCH that lists all three', (t) => {
  const [weight, , other] = network.parameters;
  const tensors = new Map([
    [weight!.name, { dtype: 'F32' as const, shape: [IN, OUT], data: new Float32Array(IN * OUT) }],
    [other!.name, { dtype: 'F32' as const, shape: other!.shape, data: new Float32Array(other!.size) }],
    ['layers.1.bias', { dtype: 'F32' as const, shape: [7], data: new Float32Array(7) }],
    ['layers.9.weight', { dtype: 'F32' as const, shape: [1], data: new Float32Array(1) }],
  ]);
  const error = t.throws(() => tensorsOf({ type: 'file', path: fileWith(t, tensors) }), { instanceOf: GradloomError });
  t.is(error.code, 'E_TENSOR_MISMATCH');
  t.is(error.exitCode, 65);
  for (const part of [
    `layers.0.weight: F32 [${IN}, ${OUT}], expected F32 [${OUT}, ${IN}]`,
    'layers.0.bias: missing',
    'layers.9.weight: F32 [1] is not expected',
  ]) {
    t.true(error.message.includes(part), part);
  }
});
