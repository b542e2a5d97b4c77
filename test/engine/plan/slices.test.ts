import test from 'ava';
import { unitColumns } from '../../../src/engine/plan/slices.ts';
import { unitsLast } from '../../../src/graph/layout.ts';
import { type PlacedTensor, readTensor, writeTensor } from '../../../src/model/parameters.ts';
import { firstDifference, kernels, memory, randomFloats } from '../../kernels/support/arena.ts';
import { maxNorm } from '../../kernels/support/twins.ts';

const LIMIT = 0.75;

for (const shape of [
  [5, 12],
  [7, 3, 3, 2],
  [3, 1, 1, 1],
]) {
  test(`max_norm limits the units of a weight of shape ${shape.join('x')}, whether it is stored by rows or transposed`, (t) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const [units = 1] = shape;
    const values = randomFloats(size, 3);
    // The twin knows columns of [inputs, units]: the transpose.
    const columns = Float32Array.from({ length: size }, (_, i) => values[(i % units) * (size / units) + Math.floor(i / units)]!);
    const limited = maxNorm(columns, size / units, units, 0, units, LIMIT);
    const expected = Float32Array.from({ length: size }, (_, i) => limited[(i % (size / units)) * units + Math.floor(i / (size / units))]!);
    t.not(firstDifference(expected, values), -1);
    for (const transposed of [true, false]) {
      const tensor: PlacedTensor = {
        name: 'layers.0.weight',
        layer: 0,
        role: 'weight',
        shape,
        layout: transposed ? unitsLast(shape) : undefined,
        fanIn: size / units,
        fanOut: units,
        init: 'weight',
        offset: 4,
        size,
      };
      for (const workers of [1, 2, 3, 16]) {
        const vector = new Float32Array(memory.buffer, 1024, 4 + size + 4).fill(100);
        writeTensor(vector, tensor, values);
        for (let rank = 0; rank < workers; rank++) {
          for (const { at, inputs, units: width, from, to } of unitColumns(tensor, 1024, rank, workers)) {
            kernels.max_norm(at, inputs, width, from, to, LIMIT);
          }
        }
        t.is(firstDifference(readTensor(vector, tensor), expected), -1, `${workers} workers, ${transposed ? 'transposed' : 'by rows'}`);
        t.deepEqual(
          [...vector.subarray(0, 4), ...vector.subarray(4 + size)],
          Array.from({ length: 8 }, () => 100),
        );
      }
    }
  });
}
