import type { DenseConfig } from '../../config/schema.ts';
import { f32Bytes } from '../parameters.ts';
import { emitActivation, emitActivationBackward, fusedCode, needsInput, slopeOf } from './activation.ts';
import type { BackwardSite, ForwardSite, LayerType } from './layer.ts';
import { normOf } from './norm.ts';

/** Dropped outputs are decided by 32-bit words: an output is kept if its word is at least p * 2^32. */
const WORDS = 2 ** 32;

/**
 * y = dropout(act(norm(x W^T + b))) [+ x], W [out, in]: torch.nn.Linear, then what the config adds, in this order.
 *
 * Backward, with d the gradient of the product:  dW = d^T x (per leaf, then the tree),  db = column sums of d,  dx = d W [+ dy].
 * Dropout is torch.nn.Dropout: kept outputs are divided by 1 - p; its mask is a function of (seed, step, layer, row, unit).
 */
export const dense: LayerType<DenseConfig> = {
  outputs: (config) => config.units,

  parameters: (config, inputs) => {
    const fans = { fanIn: inputs, fanOut: config.units };
    return [
      { role: 'weight', shape: [config.units, inputs], transposed: true, init: 'weight', ...fans },
      { role: 'bias', shape: [config.units], transposed: false, init: 'bias', ...fans },
      ...(normOf(config)?.parameters ?? []),
    ];
  },

  statistics: (config) => normOf(config)?.statistics ?? [],

  buffers: (config) => ({
    y: config.units,
    ...(keepsInput(config) && { z: config.units }),
    ...(keepsActivation(config) && { a: config.units }),
    ...normOf(config)?.buffers,
    ...(config.dropout > 0 && { mask: config.units }),
    ...(config.residual && { skip: config.units }),
  }),

  workspace: (config) => normOf(config)?.workspace ?? { perLeaf: {}, own: {} },

  flops: (config, inputs) => ({ forward: 2 * inputs * config.units, backward: 4 * inputs * config.units }),

  forward(config, site) {
    const { activation, units, dropout } = config;
    const { z, a, y } = stages(config, site);
    const count = site.rows * units;
    const [w, b] = [site.parameter('weight'), site.parameter('bias')];
    const norm = normOf(config);
    const epilogue = norm === undefined ? fusedCode(activation) : 0;
    for (const { row, rows } of site.products) {
      const [x, out] = [site.x + f32Bytes(row * site.inputs), z + f32Bytes(row * units)];
      site.emit('dense_forward', x, w, b, out, rows, units, site.inputs, epilogue, slopeOf(activation), site.scratch);
    }
    norm?.forward(site, z);
    emitActivation(site, activation, z, a, count, norm === undefined);
    if (dropout > 0 && site.training) {
      const threshold = Math.round(dropout * WORDS);
      site.emit('dropout_forward', a, y, site.buffer('mask'), count, site.firstRow * units, threshold, 1 / (1 - dropout), site.stream);
    } else if (a !== y) {
      site.emit('copy', y, a, count);
    }
    if (config.residual) site.emit('add', y, site.x, count);
  },

  backward(config, site) {
    const { activation, units } = config;
    const { dy: d, inputs } = site;
    const { z, a } = stages(config, site);
    const count = site.rows * units;
    if (config.residual && site.dx !== 0) site.emit('copy', site.buffer('skip'), d, count);
    if (config.dropout > 0) site.emit('multiply', d, site.buffer('mask'), count);
    emitActivationBackward(site, activation, z, a, d, count);
    normOf(config)?.backward(site, d);
    emitAffineGradients(site, d, units);
    if (site.dx === 0) return;
    for (const { row, rows } of site.products) {
      const [dz, dx] = [d + f32Bytes(row * units), site.dx + f32Bytes(row * inputs)];
      site.emit('matmul_nt', dz, site.parameter('weight'), dx, rows, inputs, units, site.scratch);
    }
    if (config.residual) site.emit('add', site.dx, site.buffer('skip'), count);
  },
};

function emitAffineGradients(site: BackwardSite, d: number, units: number): void {
  for (const { row, leaves, bounds, gradient } of site.subtrees) {
    const dz = d + f32Bytes(row * units);
    site.emit('dense_bias_gradient', dz, gradient('bias'), bounds, leaves, units, units, site.scratch);
  }
  for (const product of weightProducts(site, d, units)) {
    const { emit, x, dz, gradient, bounds, leaves, inputs } = product;
    emit('dense_weight_gradient', x, dz, gradient, bounds, leaves, inputs, units, site.inputs, site.scratch);
  }
}

/** A product x^T dz that gives the weight's gradient, or a part of it. */
interface WeightProduct extends Pick<ForwardSite, 'emit' | 'x'> {
  dz: number;
  gradient: number;
  bounds: number;
  leaves: number;
  /** Columns of x. */
  inputs: number;
}

/** All columns of x and some leaves each; or all leaves and some columns each, when all ranks are through. */
function weightProducts({ slice, subtrees, emit, inputs, x }: BackwardSite, d: number, units: number): WeightProduct[] {
  if (slice === undefined) {
    return subtrees.map(({ row, leaves, bounds, gradient }) => {
      const of = { x: x + f32Bytes(row * inputs), dz: d + f32Bytes(row * units) };
      return { emit, ...of, gradient: gradient('weight'), bounds, leaves, inputs };
    });
  }
  return slice.pieces.map(({ from, to, gradient }) => {
    return { ...slice, x: slice.x + f32Bytes(from), dz: slice.d, gradient, inputs: to - from };
  });
}

function keepsInput(config: DenseConfig): boolean {
  return needsInput(config.activation);
}

/** Dropout and residual change the output after the activation, whose derivative needs it unchanged. */
function keepsActivation(config: DenseConfig): boolean {
  return (config.dropout > 0 || config.residual) && config.activation.type !== 'identity';
}

/** Where product, activation and output lie; the same place where nothing needs them apart. */
function stages(config: DenseConfig, site: ForwardSite): { z: number; a: number; y: number } {
  const y = site.buffer('y');
  const a = keepsActivation(config) ? site.buffer('a') : y;
  return { z: keepsInput(config) ? site.buffer('z') : a, a, y };
}
