/**
 * What a module can call, as it stands in it. `f` is Math.fround: every product and sum is rounded to f32 at once, in the order of training,
 * so that without sigmoid, tanh, gelu and layer norm the outputs are those of training to the bit.
 */
const FUNCTIONS = {
  standardise: `function standardise(x, center, scale) {
  return x.map((value, i) => f(value - center[i]) / scale[i]);
}`,
  divide: `function divide(x, divisor) {
  return x.map((value) => value / divisor);
}`,
  dense: `/** x W^T + b, W [outputs, inputs]. */
function dense(x, w, b) {
  const y = new Float32Array(b.length);
  for (let o = 0, p = 0; o < y.length; o++) {
    let sum = f(0);
    for (let i = 0; i < x.length; i++, p++) sum = f(sum + f(x[i] * w[p]));
    y[o] = sum + b[o];
  }
  return y;
}`,
  batchNorm: `function batchNorm(x, mean, variance, gamma, beta, eps) {
  return x.map((value, u) => f(gamma[u] * f(f(value - mean[u]) * f(1 / Math.sqrt(variance[u] + eps)))) + beta[u]);
}`,
  layerNorm: `function layerNorm(x, gamma, beta, eps) {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const std = Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length + eps);
  return x.map((value, u) => gamma[u] * ((value - mean) / std) + beta[u]);
}`,
  relu: `function relu(x) {
  return x.map((value) => Math.max(0, value));
}`,
  leakyRelu: `function leakyRelu(x, slope) {
  return x.map((value) => (value > 0 ? value : value * slope));
}`,
  sigmoid: `function sigmoid(x) {
  return x.map((value) => 1 / (1 + Math.exp(-value)));
}`,
  tanh: `function tanh(x) {
  return x.map(Math.tanh);
}`,
  gelu: `/** The form with the error function, not the one with tanh. */
function gelu(x) {
  return x.map((value) => 0.5 * value * (1 + erf(value / Math.SQRT2)));
}

/** By its series near 0 and by the continued fraction of its complement beyond; Abramowitz and Stegun 7.1.6, 7.1.14. */
function erf(x) {
  const a = Math.abs(x);
  if (a >= 6) return Math.sign(x);
  if (a >= 2.5) {
    let fraction = 0;
    for (let k = 60; k >= 1; k--) fraction = k / 2 / (a + fraction);
    return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)));
  }
  let term = x, total = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}`,
  add: `function add(x, other) {
  return x.map((value, i) => value + other[i]);
}`,
} as const;

export type FunctionName = keyof typeof FUNCTIONS;

/** The functions that a module calls, and what they call. */
export function functionsText(used: ReadonlySet<FunctionName>): string {
  const rounding = '/** Rounds to f32. */\nconst f = Math.fround;';
  const needsRounding = (['dense', 'standardise', 'batchNorm'] as const).some((name) => used.has(name));
  return [...(needsRounding ? [rounding] : []), ...[...used].map((name) => FUNCTIONS[name])].map((text) => `${text}\n`).join('\n');
}
