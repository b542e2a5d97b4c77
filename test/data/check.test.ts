import test from 'ava';
import { checkFinite, checkTargets } from '../../src/data/check.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { GradloomError } from '../../src/errors.ts';

function labels(...values: number[]): Pick<Dataset, 'target'> {
  const array = new Int32Array(new SharedArrayBuffer(values.length * 4));
  array.set(values);
  return { target: { kind: 'class', labels: array, classes: Math.max(...values) + 1 } };
}

function values(width: number, ...numbers: number[]): Pick<Dataset, 'target'> {
  const array = new Float32Array(new SharedArrayBuffer(numbers.length * 4));
  array.set(numbers);
  return { target: { kind: 'value', values: array, width } };
}

for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
  test(`D6: ${bad} is refused with its row and column`, (t) => {
    const error = t.throws(() => checkFinite(Float32Array.of(1, 2, 3, 4, 5, bad, 7, 8, bad), 3, 'feature'), { instanceOf: GradloomError });
    t.like(error, { code: 'E_DATA_NONFINITE', where: 'row 1, feature 2', message: `${bad}; expected a finite number` });
  });
}

test('what fits passes', (t) => {
  t.notThrows(() => {
    checkFinite(Float32Array.of(3.4e38, -0, 1e-45), 1, 'feature');
    checkTargets(labels(0, 9, 3), 10, 'softmax_cross_entropy');
    checkTargets(labels(0, 2), 10, 'softmax_cross_entropy');
    checkTargets(labels(0, 2), 3, 'sigmoid_cross_entropy');
    checkTargets(labels(0, 1), 1, 'sigmoid_cross_entropy');
    checkTargets(labels(0, 2), 3, 'mse');
    checkTargets(values(2, 0.5, 7), 2, 'mse');
    checkTargets(values(2, 0, 1), 2, 'sigmoid_cross_entropy');
  });
});

const refused = [
  {
    title: 'D5: label 10 with 10 outputs',
    data: labels(0, 9, 10),
    outputs: 10,
    loss: 'softmax_cross_entropy',
    code: 'E_LABEL_RANGE',
    where: 'row 2',
    message: 'label 10; softmax_cross_entropy with 10 outputs expects 0 to 9',
  },
  {
    title: 'D5: label -1',
    data: labels(0, -1),
    outputs: 10,
    loss: 'softmax_cross_entropy',
    code: 'E_LABEL_RANGE',
    where: 'row 1',
    message: 'label -1; softmax_cross_entropy with 10 outputs expects 0 to 9',
  },
  {
    title: 'three classes for one sigmoid output',
    data: labels(0, 1, 2),
    outputs: 1,
    loss: 'sigmoid_cross_entropy',
    code: 'E_LABEL_RANGE',
    where: 'row 2',
    message: 'label 2; sigmoid_cross_entropy with 1 output expects 0 to 1',
  },
  {
    title: 'two classes for one mse output',
    data: labels(0, 1),
    outputs: 1,
    loss: 'mse',
    code: 'E_LABEL_RANGE',
    where: 'row 1',
    message: 'label 1; mse with 1 output expects 0 to 0',
  },
  {
    title: 'more one-hot outputs than classes',
    data: labels(0, 1),
    outputs: 3,
    loss: 'mse',
    code: 'E_DATA_MISMATCH',
    where: 'model.layers',
    message: 'mse needs one output a class; the model has 3, the data 2 classes',
  },
  {
    title: 'numeric targets for softmax',
    data: values(2, 1, 2),
    outputs: 2,
    loss: 'softmax_cross_entropy',
    code: 'E_DATA_MISMATCH',
    where: 'loss.type',
    message: 'softmax_cross_entropy needs class labels, and this source has numeric targets',
  },
  {
    title: 'another width',
    data: values(2, 1, 2),
    outputs: 3,
    loss: 'mse',
    code: 'E_DATA_MISMATCH',
    where: 'model.layers',
    message: 'the model has 3 outputs, the data 2 targets a sample',
  },
  {
    title: 'a sigmoid target above 1',
    data: values(2, 0, 1, 0.5, 1.5),
    outputs: 2,
    loss: 'sigmoid_cross_entropy',
    code: 'E_LABEL_RANGE',
    where: 'row 1, target 1',
    message: '1.5; sigmoid_cross_entropy expects 0 to 1',
  },
] as const;
for (const { title, data, outputs, loss, code, where, message } of refused) {
  test(`${title} is ${code}`, (t) => {
    t.like(
      t.throws(() => checkTargets(data, outputs, loss), { instanceOf: GradloomError }),
      { code, where, message },
    );
  });
}
