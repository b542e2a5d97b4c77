import test from 'ava';
import type { Preprocess } from '../../src/data/preprocess/preprocess.ts';
import { outputsOf } from '../../src/use/predict/outputs.ts';
import { rowEncoder } from '../../src/use/rows/encode.ts';

const TABLE: Preprocess = {
  version: 1,
  input: {
    kind: 'table',
    columns: [
      { type: 'number', name: 'age', fill: 30, indicator: true },
      { type: 'category', name: 'city', categories: ['Bonn', 'Köln'], unknown: 'error' },
      { type: 'category', name: 'size', categories: ['1', '2'], unknown: 'zeros', fill: '2' },
    ],
  },
  normalization: { kind: 'divide', divisor: 1 },
  target: { kind: 'class', classes: ['no', 'yes'], column: 'bought' },
};

function encoded(row: unknown): number[] {
  const into = new Float32Array(6).fill(9);
  rowEncoder(TABLE, 6).encode(row, into, 0);
  return [...into];
}

test('a row of a table is encoded by the names or the order of its columns', (t) => {
  t.deepEqual(encoded({ size: 1, city: 'Köln', age: 41.5 }), [41.5, 0, 0, 1, 1, 0]);
  t.deepEqual(encoded([null, 'Bonn', null]), [30, 1, 1, 0, 0, 1]);
  t.deepEqual(encoded({ size: 'other', city: 'Bonn', age: 1, bought: 'yes' }), [1, 0, 1, 0, 0, 0]);
});

test('a column too many, too few or with another value is told by its name', (t) => {
  t.like(
    t.throws(() => encoded({ size: 1, city: 'Köln' })),
    { message: 'missing', column: 'age' },
  );
  t.like(
    t.throws(() => encoded({ size: 1, town: 'x', age: 1, citi: 'Köln' })),
    { message: 'missing; is it citi?', column: 'city' },
  );
  t.like(
    t.throws(() => encoded({ size: 1, city: 'Köln', age: 1, id: 7 })),
    { message: 'no column of the model', column: 'id' },
  );
  t.like(
    t.throws(() => encoded({ size: 1, city: 'Rom', age: 1 })),
    {
      message: '"Rom", which was not in the training rows; expected one of Bonn, Köln',
      column: 'city',
    },
  );
  t.like(
    t.throws(() => encoded({ size: 1, city: null, age: 1 })),
    { message: 'a missing value; the training rows had none', column: 'city' },
  );
  t.like(
    t.throws(() => encoded({ size: 1, city: 'Bonn', age: '1' })),
    { message: '"1"; expected a number', column: 'age' },
  );
  t.like(
    t.throws(() => encoded([1, 2])),
    { message: '2 values; expected 3: age, city, size' },
  );
  t.like(
    t.throws(() => encoded('a')),
    { message: '"a"; expected an object with a value for each column, or a list of 3 values' },
  );
});

test('rows of bytes are flat or nested as their shape is, and refuse what is no byte', (t) => {
  const preprocess: Preprocess = { ...TABLE, input: { kind: 'array', shape: [2, 2], stored: 'u8' } };
  const bytes = (row: unknown): number[] => {
    const into = new Uint8Array(4);
    rowEncoder(preprocess, 4).encode(row, into, 0);
    return [...into];
  };
  t.deepEqual(bytes([1, 2, 3, 255]), [1, 2, 3, 255]);
  t.deepEqual(
    bytes([
      [1, 2],
      [3, 4],
    ]),
    [1, 2, 3, 4],
  );
  t.like(
    t.throws(() => bytes([0.5, 0, 0, 0])),
    { message: '0.5; expected a whole number from 0 to 255', column: 'value 0' },
  );
  t.like(
    t.throws(() => bytes([[1, 2], [3]])),
    { message: 'a list of 1 at depth 1; expected 4 bytes, flat or 2x2' },
  );
});

test('outputs mean what the loss says', (t) => {
  const read = (type: 'softmax_cross_entropy' | 'mse', z: number[], target: Preprocess['target']): unknown =>
    outputsOf(type === 'mse' ? { type } : { type, label_smoothing: 0 }, { target }, z.length).read(Float32Array.from(z), 0);
  t.deepEqual(read('mse', [1.5], { kind: 'value', names: ['price'] }), { values: [1.5] });
  t.deepEqual(read('softmax_cross_entropy', [0, 0], TABLE.target), { label: 0, class: 'no', probabilities: [0.5, 0.5] });
  const { read: binary } = outputsOf({ type: 'sigmoid_cross_entropy', label_smoothing: 0 }, { target: TABLE.target }, 1);
  t.deepEqual(binary(Float32Array.of(0), 0), { label: 0, class: 'no', probabilities: [0.5, 0.5] });
  t.like(binary(Float32Array.of(800), 0), { label: 1, class: 'yes', probabilities: [0, 1] });
});
