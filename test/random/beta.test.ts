import test from 'ava';
import { betaCdf, betaQuantile, logGamma } from '../../src/random/beta.ts';
import { normalCdf, normalQuantile } from '../../src/random/distributions.ts';

/** scipy 1.17: special.gammaln, stats.norm.cdf, stats.beta.cdf and ppf. */
const gammas: [x: number, expected: number][] = [
  [0.1, 2.252712651734206],
  [0.5, 0.5723649429247],
  [1, 0],
  [2.5, 0.2846828704729192],
  [10, 12.801827480081469],
  [1000, 5905.220423209181],
];
test('logGamma agrees with scipy', (t) => {
  for (const [x, expected] of gammas) t.true(Math.abs(logGamma(x) - expected) < 1e-13 * (1 + Math.abs(expected)), `${x}: ${logGamma(x)}`);
});

const normals: [x: number, expected: number][] = [
  [-38, 0],
  [-20, 2.7536241186061556e-89],
  [-8, 6.22096057427174e-16],
  [-7.1, 6.237844463331586e-13],
  [-7, 1.279812543885835e-12],
  [-3, 0.0013498980316300933],
  [-1, 0.15865525393145707],
  [-0.1, 0.460172162722971],
  [0, 0.5],
  [0.5, 0.6914624612740131],
  [2, 0.9772498680518208],
  [7.2, 0.9999999999996989],
  [40, 1],
];
test('normalCdf agrees with scipy, also far out, and undoes the quantile', (t) => {
  for (const [x, expected] of normals) {
    t.true(Math.abs(normalCdf(x) - expected) < 1e-15 && Math.abs(normalCdf(x) - expected) <= 1e-6 * expected, `${x}: ${normalCdf(x)}`);
  }
  for (const p of [1e-9, 0.01, 0.3, 0.5, 0.8, 0.999]) t.true(Math.abs(normalCdf(normalQuantile(p)) - p) < 1e-15);
});

const betas: [x: number, a: number, b: number, expected: number][] = [
  [0.1, 2, 5, 0.114265],
  [0.5, 0.5, 0.5, 0.5],
  [0.9, 0.5, 3, 0.9996750253207289],
  [1e-6, 0.3, 2, 0.020603606747314897],
  [0.2, 1, 1, 0.2],
  [0.48, 500, 520, 0.2575003384059138],
  [0.99, 20, 0.7, 0.6713920763290323],
  [0, 2, 5, 0],
  [1, 2, 5, 1],
];
test('betaCdf agrees with scipy', (t) => {
  for (const [x, a, b, expected] of betas) t.true(Math.abs(betaCdf(x, a, b) - expected) < 1e-12, `${x} ${a} ${b}: ${betaCdf(x, a, b)}`);
});

const quantiles: [p: number, a: number, b: number, expected: number][] = [
  [0.01, 2, 5, 0.026763191142755053],
  [0.5, 2, 5, 0.26444998329566005],
  [0.999, 0.5, 0.5, 0.999997532600929],
  [0.3, 100, 3, 0.9648333113244825],
];
test('betaQuantile agrees with scipy', (t) => {
  for (const [p, a, b, expected] of quantiles) t.true(Math.abs(betaQuantile(p, a, b) - expected) < 1e-10, `${p} ${a} ${b}`);
});
