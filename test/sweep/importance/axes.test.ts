import test from 'ava';
import { axesOf } from '../../../src/sweep/importance/axes.ts';
import { formatParameter } from '../../../src/sweep/importance/value-text.ts';
import type { SweepInput } from '../../../src/sweep/schema.ts';
import type { Assignment } from '../../../src/sweep/trial.ts';
import { settings } from '../support/states.ts';

const of = (input: Partial<SweepInput>, assignments: Assignment[] = []): ReturnType<typeof axesOf> => axesOf(settings(input), assignments);

const ranges: [string, NonNullable<SweepInput['parameters']>[string], { log: boolean; low: number; high: number }][] = [
  ['uniform', { min: 0.5, max: 0.9 }, { log: false, low: 0.5, high: 0.9 }],
  ['int_uniform', { distribution: 'int_uniform', min: 1, max: 9 }, { log: false, low: 1, high: 9 }],
  ['log_uniform: exponents', { distribution: 'log_uniform', min: 0, max: 1 }, { log: true, low: 1, high: Math.E }],
  ['log_uniform_values', { distribution: 'log_uniform_values', min: 1e-4, max: 1e-1 }, { log: true, low: 1e-4, high: 1e-1 }],
  [
    'inv_log_uniform: exponents of the inverse',
    { distribution: 'inv_log_uniform', min: 0, max: 1 },
    { log: true, low: Math.exp(-1), high: 1 },
  ],
  ['beta', { distribution: 'beta', a: 2, b: 2 }, { log: false, low: 0, high: 1 }],
];
for (const [title, config, expected] of ranges) {
  test(`the range of ${title}`, (t) => {
    const [found] = of({ parameters: { a: config } });
    t.deepEqual(found, { name: 'a', kind: 'range', values: [], ...expected });
  });
}

test('a range grows to what trials went beyond it; without ends it is what trials had', (t) => {
  const [bounded, normal] = of({ parameters: { a: { min: 0, max: 1 }, b: { distribution: 'normal' } } }, [
    { a: 2, b: -1 },
    { a: 0.5, b: 3 },
  ]);
  t.like(bounded, { low: 0, high: 2, values: [2, 0.5] });
  t.like(normal, { low: -1, high: 3 });
});

test('numbers of a list are in order, other values as the file has them, strangers added', (t) => {
  const parameters = { n: { values: [256, 16, 64] }, c: { values: ['sgd', 'adam', true, [1, 2]] }, fixed: { value: 3 } };
  const found = of({ parameters }, [{ n: 64, c: 'adam', fixed: 3 }, { n: 32, c: [1, 2], fixed: 3 }, { c: true }]);
  t.deepEqual(found, [
    { name: 'n', kind: 'list', labels: ['16', '32', '64', '256'], values: [2, 1, undefined] },
    { name: 'c', kind: 'categories', labels: ['sgd', 'adam', 'true', '[1, 2]'], values: [1, 3, 2] },
  ]);
});

test('a zip is one axis', (t) => {
  const found = of({ zip: { shape: { 'a.units': [64, 128], 'b.decay': [0, 0.1] } } }, [
    { 'a.units': 128, 'b.decay': 0.1 },
    { 'a.units': 64, 'b.decay': 0 },
    {},
  ]);
  t.deepEqual(found, [{ name: 'shape', kind: 'categories', labels: ['64 / 0', '128 / 0.1'], values: [1, 0, undefined] }]);
});

test('a zip of equal values is named by the value', (t) => {
  const [found] = of({ zip: { dropout: { a: [0.1, 0.2], b: [0.1, 0.3] } } }, [{ a: 0.1, b: 0.1 }]);
  t.like(found, { labels: ['0.1', '0.2 / 0.3'], values: [0] });
});

test('a parameter is written as a person would', (t) => {
  t.deepEqual([0.1 + 0.2, 'x', true, null, ['a', 1]].map(formatParameter), ['0.3', 'x', 'true', 'null', '["a", 1]']);
});
