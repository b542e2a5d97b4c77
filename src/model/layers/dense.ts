import type { ActivationConfig, DenseConfig } from '../../config/schema.ts';
import { f32Bytes } from '../parameters.ts';
import type { BackwardSite, ForwardSite, LayerType } from './layer.ts';

/** Activations that the product's epilogue applies by itself; the numbers are the kernel's. */
const fused = { identity: 0, relu: 1, leaky_relu: 2 } as const;

function fusedCode(activation: ActivationConfig): number {
  return activation.type in fused ? fused[activation.type as keyof typeof fused] : fused.identity;
}

function slope(activation: ActivationConfig): number {
  return activation.type === 'leaky_relu' ? activation.slope : 0;
}

/**
 * y = act(x W^T + b), W [out, in], as torch.nn.Linear followed by an activation.
 *
 * Backward, with dz = dy * act'(z):  dW = dz^T x (per leaf, then the tree),  db = column sums of dz,  dx = dz W.
 */
export const dense: LayerType<DenseConfig> = {
  outputs: (config) => config.units,

  parameters: (config, inputs) => {
    const fans = { fanIn: inputs, fanOut: config.units };
    return [
      { role: 'weight', shape: [config.units, inputs], transposed: true, init: 'weight', ...fans },
      { role: 'bias', shape: [config.units], transposed: false, init: 'bias', ...fans },
    ];
  },

  // gelu's derivative needs z; the others find theirs from y.
  buffers: (config) => (config.activation.type === 'gelu' ? { y: config.units, z: config.units } : { y: config.units }),

  flops: (config, inputs) => ({ forward: 2 * inputs * config.units, backward: 4 * inputs * config.units }),

  forward(config: DenseConfig, site: ForwardSite) {
    const { activation, units } = config;
    const y = site.buffer('y');
    const z = activation.type === 'gelu' ? site.buffer('z') : y;
    const count = site.rows * units;
    const [w, b] = [site.parameter('weight'), site.parameter('bias')];
    site.emit('dense_forward', site.x, w, b, z, site.rows, units, site.inputs, fusedCode(activation), slope(activation), site.scratch);
    if (activation.type === 'sigmoid') site.emit('sigmoid_forward', z, y, count);
    if (activation.type === 'tanh') site.emit('tanh_forward', z, y, count);
    if (activation.type === 'gelu') site.emit('gelu_forward', z, y, count);
  },

  backward(config: DenseConfig, site: BackwardSite) {
    const { activation, units } = config;
    const { dy: dz, inputs, rows } = site;
    const y = site.buffer('y');
    const count = rows * units;
    if (activation.type === 'relu') site.emit('relu_backward', y, dz, count);
    if (activation.type === 'leaky_relu') site.emit('leaky_relu_backward', y, dz, count, activation.slope);
    if (activation.type === 'sigmoid') site.emit('sigmoid_backward', y, dz, count);
    if (activation.type === 'tanh') site.emit('tanh_backward', y, dz, count);
    if (activation.type === 'gelu') site.emit('gelu_backward', site.buffer('z'), dz, count);
    for (const { row, leaves, bounds, gradient } of site.subtrees) {
      const x = site.x + f32Bytes(row * inputs);
      const d = dz + f32Bytes(row * units);
      site.emit('dense_weight_gradient', x, d, gradient('weight'), bounds, leaves, inputs, units, site.scratch);
      site.emit('dense_bias_gradient', d, gradient('bias'), bounds, leaves, units, site.scratch);
    }
    if (site.dx !== 0) site.emit('matmul_nt', dz, site.parameter('weight'), site.dx, rows, inputs, units, site.scratch);
  },
};
