import test from 'ava';
import { Arena, kernels, memory, randomFloats } from '../support/arena.ts';
import { classCounts, confusion, regressionSums, topK } from '../support/counts.ts';

const CLASSES = [1, 2, 3, 4, 5, 7, 8, 9, 17, 101];
const ROWS = [0, 1, 3, 64, 130];

/** Few different values, so that most rows have ties; about a third of the classes never a label. */
function randomRows(rows: number, o: number, seed: number): { z: Float32Array; labels: number[]; row: (r: number) => number[] } {
  const z = randomFloats(rows * o, seed).map((v) => Math.round(2 * v));
  const used = Math.max(1, Math.ceil((2 * Math.max(2, o)) / 3));
  const labels = Array.from(randomFloats(rows, seed + 1), (v) => Math.floor(Math.abs(v) * used) % Math.max(2, o));
  return { z, labels, row: (r) => Array.from(z.subarray(r * o, (r + 1) * o)) };
}

test('counts of classes and the confusion matrix are those of a loop, with ties and absent classes, and add up', (t) => {
  for (const rows of ROWS) {
    for (const o of CLASSES) {
      const { z, labels, row } = randomRows(rows, o, rows + o);
      const k = Math.max(2, o);
      const labelled = labels.map((label, r) => ({ row: row(r), label }));
      const arena = new Arena(memory);
      const [matrix, classes] = [arena.doubles('confusion', k * k).fill(0), arena.doubles('counts', 3 * k).fill(0)];
      const [logits, label] = [arena.floats('z', z).byteOffset, arena.ints('labels', labels).byteOffset];
      kernels.confusion_add(logits, label, rows, o, matrix.byteOffset);
      kernels.class_counts_add(logits, label, rows, o, classes.byteOffset);
      t.deepEqual(Array.from(matrix), Array.from(confusion(labelled, k)), `${rows}x${o}`);
      t.deepEqual(Array.from(classes), Array.from(classCounts(labelled, k)), `${rows}x${o}`);
      kernels.confusion_add(logits, label, rows, o, matrix.byteOffset);
      t.deepEqual(
        Array.from(matrix),
        Array.from(confusion(labelled, k), (n) => 2 * n),
      );
      t.deepEqual(arena.broken(), []);
    }
  }
});

test('the top k rows are those of a stable sort', (t) => {
  for (const rows of ROWS) {
    for (const o of CLASSES.filter((n) => n > 1)) {
      const { z, labels, row } = randomRows(rows, o, 3 * rows + o);
      for (const k of [1, 2, o - 1, o]) {
        const arena = new Arena(memory);
        const count = arena.doubles('count', 1).fill(0);
        const [logits, label] = [arena.floats('z', z).byteOffset, arena.ints('labels', labels).byteOffset];
        kernels.top_k_add(logits, label, rows, o, k, count.byteOffset);
        const labelled = labels.map((own, r) => ({ row: row(r), label: own }));
        t.is(count[0], topK(labelled, k), `${rows}x${o} top ${k}`);
        t.deepEqual(arena.broken(), []);
      }
    }
  }
});

test('N4 a row with a NaN is of its class, but is no prediction and in no top k', (t) => {
  for (let at = 0; at < 3; at++) {
    const z = [3, 2, 1];
    z[at] = NaN;
    const arena = new Arena(memory);
    const [matrix, classes, count] = [arena.doubles('a', 9).fill(0), arena.doubles('b', 9).fill(0), arena.doubles('c', 1).fill(0)];
    const [logits, label] = [arena.floats('z', z).byteOffset, arena.ints('labels', [0]).byteOffset];
    kernels.confusion_add(logits, label, 1, 3, matrix.byteOffset);
    kernels.class_counts_add(logits, label, 1, 3, classes.byteOffset);
    for (const k of [1, 2, 3]) kernels.top_k_add(logits, label, 1, 3, k, count.byteOffset);
    t.deepEqual(
      [...matrix, ...count],
      Array.from({ length: 10 }, () => 0),
    );
    t.deepEqual(Array.from(classes), [0, 0, 1, 0, 0, 0, 0, 0, 0]);
  }
});

test('sums of errors are those of a loop in f64, bit by bit, and add up', (t) => {
  for (const rows of ROWS) {
    for (const o of CLASSES) {
      const z = randomFloats(rows * o, rows + o).map((v) => 100 * v);
      const targets = randomFloats(rows * o, rows + o + 1);
      const arena = new Arena(memory);
      const sums = arena.doubles('sums', 2 * o).fill(0);
      kernels.regression_add(arena.floats('z', z).byteOffset, arena.floats('t', targets).byteOffset, rows, o, sums.byteOffset);
      t.deepEqual(Array.from(sums), Array.from(regressionSums(z, targets, o)), `${rows}x${o}`);
      t.deepEqual(arena.broken(), []);
    }
  }
});
