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
  conv: `/** x * W + b over a picture [height, width, channels]; W [kh, kw, channels of a group, filters], b null for none. */
function conv(x, w, b, { height, width, channels, kernel, stride, dilation, padding, out }, filters, groups) {
  const y = new Float32Array(out[0] * out[1] * filters), own = channels / groups, each = filters / groups;
  for (let p = 0, at = 0; at < y.length; p++, at += filters) {
    const top = Math.floor(p / out[1]) * stride[0] - padding[0], left = (p % out[1]) * stride[1] - padding[1];
    for (let tap = 0; tap < kernel[0] * kernel[1]; tap++) {
      const row = top + Math.floor(tap / kernel[1]) * dilation[0], column = left + (tap % kernel[1]) * dilation[1];
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      for (let g = 0, i = (row * width + column) * channels; g < groups; g++) {
        for (let c = 0; c < own; c++, i++) {
          const value = x[i], from = (tap * own + c) * filters;
          for (let o = g * each; o < (g + 1) * each; o++) y[at + o] = f(y[at + o] + f(value * w[from + o]));
        }
      }
    }
    if (b !== null) for (let o = 0; o < filters; o++) y[at + o] += b[o];
  }
  return y;
}`,
  maxPool: `function maxPool(x, window) {
  return pool(x, window, -Infinity, Math.max);
}`,
  avgPool: `/** The mean of each window; zeros around the picture count. */
function avgPool(x, window) {
  const sums = pool(x, window, 0, (sum, value) => f(sum + value));
  return sums.map((sum) => sum / (window.kernel[0] * window.kernel[1]));
}`,
  pool: `/** Each window of each channel combined, in the order of its lines. */
function pool(x, { height, width, channels, kernel, stride, padding, out }, start, combine) {
  const y = new Float32Array(out[0] * out[1] * channels).fill(start);
  for (let p = 0, at = 0; at < y.length; p++, at += channels) {
    const top = Math.floor(p / out[1]) * stride[0] - padding[0], left = (p % out[1]) * stride[1] - padding[1];
    for (let row = Math.max(0, top); row < Math.min(height, top + kernel[0]); row++) {
      for (let column = Math.max(0, left); column < Math.min(width, left + kernel[1]); column++) {
        const i = (row * width + column) * channels;
        for (let c = 0; c < channels; c++) y[at + c] = combine(y[at + c], x[i + c]);
      }
    }
  }
  return y;
}`,
  swapAxes: `/** [a, b] as [b, a]: pictures come with their channels first, and are computed with their channels last. */
function swapAxes(x, a, b) {
  return x.map((_, i) => x[(i % a) * b + Math.floor(i / a)]);
}`,
  batchNorm: `/** Units are the last extent of x. */
function batchNorm(x, mean, variance, gamma, beta, eps) {
  const scale = variance.map((value) => 1 / Math.sqrt(value + eps)), units = scale.length;
  return x.map((value, i) => f(gamma[i % units] * f(f(value - mean[i % units]) * scale[i % units])) + beta[i % units]);
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

/** What functions call. */
const CALLS: Partial<Record<FunctionName, readonly FunctionName[]>> = { maxPool: ['pool'], avgPool: ['pool'] };

/** The functions that a module calls, and what they call. */
export function functionsText(used: ReadonlySet<FunctionName>): string {
  const all = new Set([...used, ...[...used].flatMap((name) => CALLS[name] ?? [])]);
  const rounding = '/** Rounds to f32. */\nconst f = Math.fround;';
  const needsRounding = (['dense', 'conv', 'avgPool', 'standardise', 'batchNorm'] as const).some((name) => used.has(name));
  return [...(needsRounding ? [rounding] : []), ...[...all].map((name) => FUNCTIONS[name])].map((text) => `${text}\n`).join('\n');
}
