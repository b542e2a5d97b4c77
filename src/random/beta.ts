import { exp, log } from './elementary.ts';

/** Lanczos' coefficients for g = 7, n = 9. source: Godfrey, "A note on the computation of the convergent Lanczos complex Gamma approximation" (2001). */
const LANCZOS = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];
const LANCZOS_G = 7;
const HALF_LOG_TWO_PI = 0.9189385332046728;

/** log of the gamma function, for x > 0; relative error about 1e-14. */
export function logGamma(x: number): number {
  // Gamma(x) = Gamma(x + 1) / x keeps the series away from its poles.
  if (x < 0.5) return logGamma(x + 1) - log(x);
  const base = x - 1 + LANCZOS_G + 0.5;
  let sum = LANCZOS[0] as number;
  for (let i = 1; i < LANCZOS.length; i++) sum += (LANCZOS[i] as number) / (x - 1 + i);
  return HALF_LOG_TWO_PI + (x - 0.5) * log(base) - base + log(sum);
}

const MAX_TERMS = 20_000;
const TINY = 1e-300;

/**
 * P(X <= x) for X of the beta distribution with shapes a, b > 0; absolute error below 1e-12 for shapes up to 1000.
 *
 * source: Press et al., "Numerical recipes" 3rd ed. 6.4: the continued fraction of the incomplete beta function, by Lentz's method.
 */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean only.
  if (x > (a + 1) / (a + b + 2)) return 1 - betaCdf(1 - x, b, a);
  const front = exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(Math.max(x, TINY)) + b * log(1 - x));
  return Math.min(1, (front / a) * fraction(x, a, b));
}

function fraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / nonzero(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m < MAX_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonzero(1 + even * d);
    c = nonzero(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonzero(1 + odd * d);
    c = nonzero(1 + odd / c);
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return value;
}

function nonzero(x: number): number {
  return Math.abs(x) < TINY ? TINY : x;
}

/** Halvings of [0, 1], more than f64 can tell apart near 1. */
const BISECTIONS = 60;

/** The x with P(X <= x) = p, for p in (0, 1), by bisection. */
export function betaQuantile(p: number, a: number, b: number): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (betaCdf(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
