import test from 'ava';
import { uniform } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import type { Axis } from '../../../src/sweep/importance/axes.ts';
import { type Importance, importanceOf, MIN_TRIALS } from '../../../src/sweep/importance/importance.ts';

const SEED = 1;

/** `count` numbers in [0, 1), a column of a random search. */
function column(number: number, count: number): number[] {
  const stream = new RandomStream(7, 'search', number);
  return Array.from({ length: count }, (_, i) => uniform(stream, i));
}

function range(name: string, values: readonly (number | undefined)[], low = 0, high = 1, log = false): Axis {
  return { name, kind: 'range', log, low, high, values };
}

function categories(name: string, labels: readonly string[], values: readonly (number | undefined)[]): Axis {
  return { name, kind: 'categories', labels, values };
}

function sharesOf(found: Importance | undefined): Record<string, number> {
  return Object.fromEntries((found?.parameters ?? []).map(({ name, share }) => [name, share]));
}

test('10 x1 + x2 with an idle x3 has shares near 100/101, 1/101 and 0', (t) => {
  const [x1, x2, x3] = [column(1, 300), column(2, 300), column(3, 300)];
  const metric = x1.map((value, i) => 10 * value + x2[i]!);
  const found = importanceOf([range('x3', x3), range('x2', x2), range('x1', x1)], metric, { seed: SEED });
  const shares = sharesOf(found);
  t.true(Math.abs(shares['x1']! - 100 / 101) < 0.01, JSON.stringify(shares));
  // A hundredth of the variance is near what single trials tell from one another.
  t.true(shares['x2']! > 0.002 && shares['x2']! < 0.02, JSON.stringify(shares));
  t.true(shares['x3']! < 0.002, JSON.stringify(shares));
  t.deepEqual(
    found?.parameters.map(({ name }) => name),
    ['x1', 'x2', 'x3'],
  );
  t.true(found!.predicted > 0.97, String(found!.predicted));
  t.is(found!.trials, 300);
});

test('what matters only together is an interaction: (x1 - 1/2)(x2 - 1/2)', (t) => {
  const [x1, x2, x3] = [column(1, 400), column(2, 400), column(3, 400)];
  const metric = x1.map((value, i) => (value - 0.5) * (x2[i]! - 0.5));
  const found = importanceOf([range('x1', x1), range('x2', x2), range('x3', x3)], metric, { seed: SEED })!;
  t.deepEqual(found.interactions[0]?.names, ['x1', 'x2']);
  t.true(found.interactions[0]!.share > 0.75, JSON.stringify(found));
  for (const { share } of found.parameters) t.true(share < 0.1, JSON.stringify(found));
  const all = [...found.parameters, ...found.interactions].reduce((sum, { share }) => sum + share, found.rest);
  t.true(all > 0.95 && all < 1 + 1e-9, String(all));
});

test('Ishigami: within 0.12 of the published shares 0.314, 0.442, 0 and 0.244 of x1 with x3', (t) => {
  // source: Ishigami and Homma (1990) with a = 7, b = 0.1.
  const points = [1, 2, 3].map((number) => column(number, 2000).map((u) => Math.PI * (2 * u - 1)));
  const [x1, x2, x3] = points as [number[], number[], number[]];
  const metric = x1.map((x, i) => Math.sin(x) + 7 * Math.sin(x2[i]!) ** 2 + 0.1 * x3[i]! ** 4 * Math.sin(x));
  const whole = (name: string, values: number[]): Axis => range(name, values, -Math.PI, Math.PI);
  const found = importanceOf([whole('x1', x1), whole('x2', x2), whole('x3', x3)], metric, { seed: SEED, trees: 16 });
  const shares = sharesOf(found);
  t.true(Math.abs(shares['x1']! - 0.314) < 0.12, JSON.stringify(found));
  t.true(Math.abs(shares['x2']! - 0.442) < 0.12, JSON.stringify(found));
  t.true(shares['x3']! < 0.03, JSON.stringify(found));
  t.deepEqual(found!.interactions[0]?.names, ['x1', 'x3']);
  t.true(Math.abs(found!.interactions[0]!.share - 0.244) < 0.12, JSON.stringify(found));
});

test('a range on a log scale is weighed on it: log10(lr) over four decades against a category of the same variance', (t) => {
  const lr = column(1, 300).map((u) => 10 ** (4 * u - 5));
  const kind = column(2, 300).map((u) => Math.floor(3 * u));
  // Uniform on [0, 4) has variance 4/3; -a, 0, a with equal chance 2a^2/3.
  const metric = lr.map((value, i) => Math.log10(value) + Math.SQRT2 * (kind[i]! - 1));
  const found = importanceOf([range('lr', lr, 1e-5, 1e-1, true), categories('kind', ['b', 'a', 'c'], kind)], metric, { seed: SEED });
  const shares = sharesOf(found);
  t.true(Math.abs(shares['lr']! - 0.5) < 0.05, JSON.stringify(shares));
  t.true(Math.abs(shares['kind']! - 0.5) < 0.05, JSON.stringify(shares));
});

test('items of a list are equally likely, whatever lies between them', (t) => {
  const size = column(1, 200).map((u) => Math.floor(4 * u));
  const other = column(2, 200);
  const axis: Axis = { name: 'size', kind: 'list', labels: ['1', '2', '3', '1000'], values: size };
  const metric = size.map((item, i) => (item === 3 ? 1 : 0) + 1e-3 * other[i]!);
  const found = importanceOf([axis, range('other', other)], metric, { seed: SEED });
  t.true(sharesOf(found)['size']! > 0.98);
});

test('a conditional parameter counts where it exists, and its condition is not its own importance', (t) => {
  const isSgd = column(1, 300).map((u) => u < 0.5);
  const momentum = column(2, 300).map((u, i) => (isSgd[i]! ? u : undefined));
  const kind = categories('type', ['adam', 'sgd'], isSgd.map(Number));
  const level = importanceOf([kind, range('momentum', momentum)], isSgd.map(Number), { seed: SEED });
  t.is(sharesOf(level)['momentum'], 0);
  t.true(sharesOf(level)['type']! > 0.999);
  // adam 0; sgd uniform on [0, 1): of the variance 1/6 - 1/16 = 5/48 the type explains 1/16, momentum alone 1/48, both together 1/48.
  const metric = momentum.map((value) => value ?? 0);
  const found = importanceOf([kind, range('momentum', momentum)], metric, { seed: SEED })!;
  const shares = sharesOf(found);
  t.true(Math.abs(shares['type']! - 0.6) < 0.06, JSON.stringify(found));
  t.true(Math.abs(shares['momentum']! - 0.2) < 0.04, JSON.stringify(found));
  t.true(Math.abs(found.interactions[0]!.share - 0.2) < 0.04, JSON.stringify(found));
});

test('noise is not predicted, and says so', (t) => {
  const found = importanceOf([range('a', column(1, 100)), range('b', column(2, 100))], column(3, 100), { seed: SEED });
  t.true(found!.predicted < 0.1, JSON.stringify(found));
});

test('the same seed gives the same numbers, and trials without a result are left out', (t) => {
  const [a, b] = [column(1, 40), column(2, 40)];
  const axes = [range('a', a), range('b', b)];
  const metric = a.map((value, i) => value + b[i]! ** 2);
  t.deepEqual(importanceOf(axes, metric, { seed: 3 }), importanceOf(axes, metric, { seed: 3 }));
  t.notDeepEqual(importanceOf(axes, metric, { seed: 3 }), importanceOf(axes, metric, { seed: 4 }));
  const holes = metric.map((value, i) => (i % 4 === 0 ? Number.NaN : value));
  t.is(importanceOf(axes, holes, { seed: 3 })?.trials, 30);
});

test('too few trials, equal ones and parameters that never vary have no importance', (t) => {
  const few = Array.from({ length: MIN_TRIALS - 1 }, (_, i) => i);
  t.is(importanceOf([range('a', few, 0, 10)], few, { seed: SEED }), undefined);
  const a = column(1, 20);
  t.is(
    importanceOf(
      [range('a', a)],
      a.map(() => 1),
      { seed: SEED },
    ),
    undefined,
  );
  const fixed = importanceOf(
    [
      range('a', a),
      range(
        'fixed',
        a.map(() => 0.5),
      ),
    ],
    a,
    { seed: SEED },
  );
  t.is(sharesOf(fixed)['fixed'], 0);
  t.is(
    importanceOf(
      [
        range(
          'fixed',
          a.map(() => 0.5),
        ),
      ],
      a,
      { seed: SEED },
    )?.parameters[0]?.share,
    0,
  );
});
