/**
 * erf to f64 accuracy: for |x| < 2.5 the series 2/sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (2n+1)!!, whose terms have one sign; beyond it
 * 1 - erfc by the continued fraction of Laplace, from the innermost of 200 levels outwards. source: Abramowitz and Stegun 7.1.6, 7.1.14.
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a >= 2.5) {
    let fraction = 0;
    for (let k = 200; k >= 1; k--) fraction = k / 2 / (a + fraction);
    return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)));
  }
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}
