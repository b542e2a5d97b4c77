import test from 'ava';
import { betaCdf } from '../../../src/random/beta.ts';
import { normalCdf, openUniform } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { categorical, type Distribution, intUniform, type Numbers, numeric } from '../../../src/sweep/space/distributions.ts';

const NUMBERS: Numbers = { min: 0, max: 1, mu: 0, sigma: 1, a: 1, b: 1, q: 1 };
type Name = Parameters<typeof numeric>[0];

/** Quantiles at 0.05, 0.3, 0.5, 0.77 and 0.99: scipy 1.17, with the calls of wandb/sweeps, params.py. */
const US = [0.05, 0.3, 0.5, 0.77, 0.99];
const meanings: [name: Name, numbers: Partial<Numbers>, expected: number[]][] = [
  ['int_uniform', { min: 3, max: 9 }, [3, 5, 6, 8, 9]],
  ['uniform', { min: 2, max: 5 }, [2.15, 2.9, 3.5, 4.31, 4.97]],
  ['q_uniform', { min: 0, max: 10, q: 4 }, [0, 4, 4, 8, 8]],
  [
    'log_uniform',
    { min: -9, max: -2 },
    [0.00017512684815765842, 0.0010077854290485105, 0.004086771438464067, 0.027051846866350426, 0.12618578170503872],
  ],
  [
    'log_uniform_values',
    { min: 1e-4, max: 1 },
    [1.584893192461114e-4, 0.001584893192461114, 0.01, 0.12022644346174132, 0.9120108393559098],
  ],
  [
    'inv_log_uniform',
    { min: 1, max: 4 },
    [0.021279736438377175, 0.04504920239355782, 0.0820849986238988, 0.18451952399298926, 0.3570069605691474],
  ],
  [
    'inv_log_uniform_values',
    { min: 1e-4, max: 1 },
    [1.584893192461114e-4, 0.001584893192461114, 0.01, 0.12022644346174132, 0.9120108393559098],
  ],
  ['q_log_uniform', { min: 2, max: 6, q: 16 }, [16, 32, 48, 160, 384]],
  ['q_log_uniform_values', { min: 32, max: 512, q: 32 }, [32, 64, 128, 256, 512]],
  ['normal', { mu: 3, sigma: 2 }, [-0.2897072539029457, 1.9511989745839182, 3, 4.477693698370428, 7.6526957480816815]],
  ['q_normal', { mu: 3, sigma: 2, q: 0.5 }, [-0.5, 2, 3, 4.5, 7.5]],
  ['log_normal', { mu: 1, sigma: 0.5 }, [1.1943154625015757, 2.091328988688217, Math.E, 3.9330823230467153, 8.698703025515458]],
  ['q_log_normal', { mu: 1, sigma: 0.5, q: 0.25 }, [1.25, 2, 2.75, 4, 8.75]],
  ['beta', { a: 2, b: 5 }, [0.06284989170835438, 0.18180347131894917, 0.26444998329566005, 0.402118402610099, 0.7056863283197075]],
  ['q_beta', { a: 2, b: 5, q: 0.125 }, [0.125, 0.125, 0.25, 0.375, 0.75]],
];
for (const [name, numbers, expected] of meanings) {
  test(`${name} means what it means in W&B`, (t) => {
    const distribution = numeric(name, { ...NUMBERS, ...numbers });
    for (const [i, u] of US.entries()) {
      const value = Number(distribution.quantile(u));
      t.true(
        Math.abs(value - (expected[i] as number)) <= 5e-6 * Math.abs(expected[i] as number) + 1e-12,
        `${u}: ${value}, not ${expected[i]}`,
      );
    }
  });

  test(`${name}: cells lie in order, hold the u's of their value, and know no other value`, (t) => {
    const distribution = numeric(name, { ...NUMBERS, ...numbers });
    for (const u of [1e-9, 0.001, ...US, 0.4999, 0.999, 1 - 1e-9]) {
      const value = distribution.quantile(u);
      const [from, to] = distribution.cell(value) ?? [Number.NaN, Number.NaN];
      // A real number is rounded to some digits.
      const slack = distribution.smooth ? 1e-5 : 1e-12;
      t.true(from - slack <= u && u <= to + slack, `${u} gives ${JSON.stringify(value)} with cell ${from} ${to}`);
    }
    for (const other of ['a', true, null, Number.NaN, Number.POSITIVE_INFINITY]) t.is(distribution.cell(other), undefined);
    if (distribution.bounded) t.is(distribution.cell(1e6), undefined);
    if (distribution.count === undefined) return;
    const cells = Array.from({ length: distribution.count }, (_, i) => distribution.cell(distribution.valueAt(i)) ?? [0, 0]);
    t.is(cells[0]?.[0], 0);
    t.is(cells.at(-1)?.[1], 1);
    for (const [i, [from, to]] of cells.entries()) {
      t.true(from < to);
      if (i > 0) t.true(Math.abs((cells[i - 1]?.[1] ?? 0) - from) < 1e-12);
      t.is(distribution.quantile((from + to) / 2), distribution.valueAt(i));
    }
  });
}

const COUNT = 20_000;
const closedForms: [title: string, distribution: Distribution, cdf: (x: number) => number][] = [
  ['uniform', numeric('uniform', { ...NUMBERS, min: -2, max: 3 }), (x) => (x + 2) / 5],
  ['log_uniform', numeric('log_uniform', { ...NUMBERS, min: -7, max: -1 }), (x) => (Math.log(x) + 7) / 6],
  ['log_uniform_values', numeric('log_uniform_values', { ...NUMBERS, min: 0.01, max: 10 }), (x) => Math.log(x / 0.01) / Math.log(1000)],
  ['inv_log_uniform', numeric('inv_log_uniform', { ...NUMBERS, min: 1, max: 7 }), (x) => (Math.log(x) + 7) / 6],
  ['normal', numeric('normal', { ...NUMBERS, mu: 1, sigma: 2 }), (x) => normalCdf((x - 1) / 2)],
  ['log_normal', numeric('log_normal', { ...NUMBERS, mu: 1, sigma: 2 }), (x) => normalCdf((Math.log(x) - 1) / 2)],
  ['beta', numeric('beta', { ...NUMBERS, a: 0.5, b: 3 }), (x) => betaCdf(x, 0.5, 3)],
];
for (const [title, distribution, cdf] of closedForms) {
  test(`${title} fits its closed form (Kolmogorov-Smirnov)`, (t) => {
    const stream = new RandomStream(5, 'search', 1);
    const values = Float64Array.from({ length: COUNT }, (_, i) => Number(distribution.quantile(openUniform(stream, i)))).sort();
    const distance = values.reduce((most, x, i) => Math.max(most, Math.abs(cdf(x) - i / COUNT), Math.abs(cdf(x) - (i + 1) / COUNT)), 0);
    // The 0.1 % point.
    t.true(distance < 1.95 / Math.sqrt(COUNT), `distance ${distance}`);
  });
}

test('choices come as often as their probabilities say, integers equally often', (t) => {
  const stream = new RandomStream(6, 'search', 1);
  const words = categorical(['a', 'b', 'c', 'd'], [0.5, 0.25, 0, 0.25]);
  const integers = intUniform(-1, 2);
  const counts = new Map<unknown, number>();
  for (let i = 0; i < COUNT; i++) {
    for (const value of [words.quantile(openUniform(stream, 2 * i)), integers.quantile(openUniform(stream, 2 * i + 1))]) {
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
  for (const [value, p] of [
    ['a', 0.5],
    ['b', 0.25],
    ['d', 0.25],
    [-1, 0.25],
    [0, 0.25],
    [1, 0.25],
    [2, 0.25],
  ] as const) {
    t.true(Math.abs((counts.get(value) ?? 0) / COUNT - p) < 5 * Math.sqrt((p * (1 - p)) / COUNT), `${value}`);
  }
  t.is(counts.get('c'), undefined);
});

test('values are decimal numbers that a person can read', (t) => {
  t.is(numeric('log_uniform_values', { ...NUMBERS, min: 1e-4, max: 0.1 }).quantile(0.123456789), 0.0002346229);
  t.is(numeric('q_uniform', { ...NUMBERS, min: 0, max: 1, q: 0.1 }).quantile(0.3), 0.3);
  t.is(numeric('uniform', { ...NUMBERS, min: 0.9999, max: 0.99999 }).quantile(0.5), 0.999945);
  t.true(Object.is(numeric('q_normal', { ...NUMBERS, q: 1 }).quantile(0.45), 0));
});

test('the ends of a range are never left', (t) => {
  for (const name of ['uniform', 'log_uniform_values'] as const) {
    const distribution = numeric(name, { ...NUMBERS, min: 0.1, max: 0.3 });
    t.is(distribution.quantile(1e-15), 0.1);
    t.is(distribution.quantile(1 - 1e-15), 0.3);
  }
  // 10 is no multiple of 4: in W&B too 8 is the largest.
  t.is(numeric('q_uniform', { ...NUMBERS, max: 10, q: 4 }).count, 3);
  t.is(numeric('uniform', { ...NUMBERS, min: 2, max: 2 }).count, 1);
  t.is(numeric('q_uniform', { ...NUMBERS, min: 10, max: 10, q: 4 }).count, 1);
});
