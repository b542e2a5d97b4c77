import type { ActivationConfig } from '../../config/schema.ts';
import type { ForwardSite } from './layer.ts';

/** Activations that the product's epilogue applies by itself; the numbers are the kernel's. */
const fused = { identity: 0, relu: 1, leaky_relu: 2 } as const;

/** The epilogue's code for an activation; identity where it needs a pass of its own. */
export function fusedCode({ type }: ActivationConfig): number {
  return isFused(type) ? fused[type] : fused.identity;
}

function isFused(type: ActivationConfig['type']): type is keyof typeof fused {
  return type in fused;
}

export function slopeOf(activation: ActivationConfig): number {
  return activation.type === 'leaky_relu' ? activation.slope : 0;
}

/** gelu's derivative needs its input; the others find theirs from their output. */
export function needsInput({ type }: ActivationConfig): boolean {
  return type === 'gelu';
}

/**
 * a = act(z), where the epilogue has not done it.
 *
 * @param inEpilogue  the product's epilogue has applied what it can
 */
export function emitActivation(
  site: ForwardSite,
  activation: ActivationConfig,
  z: number,
  a: number,
  count: number,
  inEpilogue: boolean,
): void {
  switch (activation.type) {
    case 'identity':
      return;
    case 'relu':
      if (!inEpilogue) site.emit('relu_forward', z, a, count);
      return;
    case 'leaky_relu':
      if (!inEpilogue) site.emit('leaky_relu_forward', z, a, count, activation.slope);
      return;
    case 'sigmoid':
      site.emit('sigmoid_forward', z, a, count);
      return;
    case 'tanh':
      site.emit('tanh_forward', z, a, count);
      return;
    case 'gelu':
      site.emit('gelu_forward', z, a, count);
  }
}

/** d, the gradient of a = act(z), becomes the gradient of z, in place. */
export function emitActivationBackward(
  site: ForwardSite,
  activation: ActivationConfig,
  z: number,
  a: number,
  d: number,
  count: number,
): void {
  switch (activation.type) {
    case 'identity':
      return;
    case 'relu':
      site.emit('relu_backward', a, d, count);
      return;
    case 'leaky_relu':
      site.emit('leaky_relu_backward', a, d, count, activation.slope);
      return;
    case 'sigmoid':
      site.emit('sigmoid_backward', a, d, count);
      return;
    case 'tanh':
      site.emit('tanh_backward', a, d, count);
      return;
    case 'gelu':
      site.emit('gelu_backward', z, d, count);
  }
}
