import test from 'ava';
import { uniform } from '../../src/random/distributions.ts';
import { exp, integerPower, power } from '../../src/random/elementary.ts';
import { RandomStream } from '../../src/random/stream.ts';

const ULP = 2 ** -52;

test('exp agrees with Math.exp to one unit in the last place from -708 to 709', (t) => {
  const stream = new RandomStream(1, 'data');
  let worst = 0;
  for (let i = 0; i < 20_000; i++) {
    const x = (i % 2 === 0 ? 1417 : 2) * uniform(stream, i) - (i % 2 === 0 ? 708 : 1);
    const expected = Math.exp(x);
    worst = Math.max(worst, Math.abs(exp(x) - expected) / expected);
  }
  t.true(worst <= ULP, `${worst}`);
});

test('exp at 0 and at its ends', (t) => {
  t.is(exp(0), 1);
  t.is(exp(-709), 0);
  t.is(exp(-Infinity), 0);
  t.is(exp(Infinity), Infinity);
  t.is(exp(710), Infinity);
  t.true(Number.isFinite(exp(709.78)));
  t.is(exp(Number.NaN), Number.NaN);
});

test('integerPower is exact where the result is, and within n units in the last place elsewhere', (t) => {
  t.is(integerPower(0.3, 0), 1);
  t.is(integerPower(0, 0), 1);
  t.is(integerPower(0, 3), 0);
  t.is(integerPower(2, 1023), 2 ** 1023);
  t.is(integerPower(3, 33), 5559060566555523);
  for (const x of [0.1, 0.9, 0.95, 0.999, 1.0001]) {
    for (const n of [1, 2, 3, 7, 10, 100, 1000, 12_345, 100_000]) {
      const expected = x ** n;
      t.true(Math.abs(integerPower(x, n) - expected) <= n * ULP * expected, `${x}^${n} = ${integerPower(x, n)}, not ${expected}`);
    }
  }
  t.is(integerPower(0.999, 1e12), 0);
});

test('power keeps its bound for fractions, and is integerPower for integers', (t) => {
  const stream = new RandomStream(2, 'data');
  for (let i = 0; i < 20_000; i++) {
    const x = 4 * uniform(stream, 2 * i) + 1e-6;
    const y = 20 * uniform(stream, 2 * i + 1) - 5;
    const expected = x ** y;
    const bound = (2 + Math.abs(y * Math.log(x))) * ULP * expected;
    if (Math.abs(power(x, y) - expected) > bound) t.fail(`${x}^${y} = ${power(x, y)}, not ${expected}`);
  }
  t.is(power(0.1, 3), integerPower(0.1, 3));
  t.is(power(4, 0.5), 2);
});
