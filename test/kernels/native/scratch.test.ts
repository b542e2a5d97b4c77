import test from 'ava';
import { type KernelCall, kernelCall } from '../../../src/kernels/call.ts';
import { nativeConvScratch } from '../../../src/kernels/native/scratch.ts';
import { specialise } from '../../../src/kernels/native/specialise.ts';
import { AVX2, AVX512 } from '../../../src/native/isa.ts';
import { type Geometry, windowArgs } from '../support/convolution.ts';
import { GEOMETRIES, geometry } from '../support/geometries.ts';

const LARGE = [
  geometry({ height: 26, width: 26, channels: 32, filters: 64 }),
  geometry({ height: 8, width: 8, channels: 256, filters: 300, padding: [1, 1] }),
  geometry({ height: 9, width: 9, channels: 40, filters: 512, stride: [2, 2], padding: [1, 1] }),
];

const opOf = ({ filters, groups, ...window }: Geometry): Parameters<typeof nativeConvScratch>[0] => ({ window, filters, groups });

const BOUNDS_AT = 64;

/** Floats of scratch that the routines of a convolution need, for one row a leaf. */
function neededBy(shape: Geometry, leaves: number): number {
  const words = new Int32Array(BOUNDS_AT / 4 + leaves + 1);
  for (let leaf = 0; leaf <= leaves; leaf++) words[BOUNDS_AT / 4 + leaf] = leaf;
  const { filters, groups } = shape;
  const window = windowArgs(shape);
  const calls: KernelCall[] = [
    kernelCall('conv_forward', 0, 0, 0, 0, leaves, ...window, filters, groups, 0, 0, 0),
    kernelCall('conv_input_gradient', 0, 0, 0, leaves, ...window, filters, groups, 0),
    kernelCall('conv_weight_gradient', 0, 0, 0, BOUNDS_AT, leaves, ...window, filters, groups, 0),
  ];
  const operands = [AVX2, AVX512].flatMap((isa) => calls.flatMap((call) => specialise(isa, call, words)?.operands ?? []));
  return Math.max(0, ...operands.map((operand) => (operand.use === 'scratch' ? operand.values : 0)));
}

test('scratch for a number of leaves is enough for every smaller one, on any machine', (t) => {
  for (const shape of [...GEOMETRIES, ...LARGE]) {
    const enough = nativeConvScratch(opOf(shape), 16);
    for (let leaves = 1; leaves <= 16; leaves++) t.true(neededBy(shape, leaves) <= enough, JSON.stringify(shape));
  }
});

test('scratch stays within a few MiB where weights are large', (t) => {
  for (const shape of LARGE) t.true(nativeConvScratch(opOf(shape), 16) * 4 < 8 * 2 ** 20);
});
