import test from 'ava';
import { buildNetwork } from '../../src/model/network.ts';
import { type PlacedTensor, readTensor, writeTensor } from '../../src/model/parameters.ts';
import { makeExperiment } from '../engine/support/outcome.ts';

const network = buildNetwork(makeExperiment({ layers: [{ units: 3 }, { units: 5 }] }), [7]);
const [weight, bias] = network.parameters as [PlacedTensor, PlacedTensor];

test("a weight is stored as [in, out], the transpose of the file's [out, in]; a bias as it is", (t) => {
  const vector = new Float32Array(network.vectorFloats);
  writeTensor(
    vector,
    weight,
    Float32Array.from({ length: 21 }, (_, i) => i),
  );
  writeTensor(vector, bias, Float32Array.of(100, 101, 102));
  // Element [o, i] of the file is value 7 o + i.
  for (let o = 0; o < 3; o++) for (let i = 0; i < 7; i++) t.is(vector[weight.offset + i * 3 + o], 7 * o + i);
  t.deepEqual([...vector.subarray(bias.offset, bias.offset + 3)], [100, 101, 102]);
});

test('N7 writing and reading a tensor keeps every bit pattern: signalling NaN, NaN payloads, -0, subnormals, f32 max', (t) => {
  const patterns = [0x7f800001, 0xffbfffff, 0x7fc0dead, 0x80000000, 0x00000001, 0x807fffff, 0x7f7fffff, 0xff800000, 0x00800000, 0x3f800000];
  for (const tensor of network.parameters) {
    const words = Uint32Array.from({ length: tensor.size }, (_, i) => patterns[i % patterns.length]!);
    const vector = new Float32Array(network.vectorFloats);
    writeTensor(vector, tensor, new Float32Array(words.buffer));
    const back = readTensor(vector, tensor);
    t.deepEqual(new Uint32Array(back.buffer, back.byteOffset, back.length), words, tensor.name);
  }
});

test('readTensor returns a copy, writeTensor touches nothing else and refuses another size', (t) => {
  const vector = new Float32Array(network.vectorFloats).fill(9);
  const second = network.parameters[2]!;
  writeTensor(vector, second, new Float32Array(second.size));
  for (const [i, value] of vector.entries()) t.is(value, i >= second.offset && i < second.offset + second.size ? 0 : 9);
  readTensor(vector, bias).fill(-1);
  t.is(vector[bias.offset], 9);
  t.throws(() => writeTensor(vector, second, new Float32Array(second.size + 1)), {
    instanceOf: RangeError,
    message: /^layers\.1\.weight: 16 values for 15 places$/,
  });
});
