import type { Kernels } from '../../kernels/kernels.ts';
import type { UpdateChunk, UpdateContext } from '../rule.ts';

/** Coupled weight decay, g = g + weight_decay * p. */
export function decayGradient(kernels: Kernels, chunk: UpdateChunk, { weightDecay }: UpdateContext): void {
  if (weightDecay !== 0) kernels.add_scaled(chunk.gradient, chunk.parameters, weightDecay, chunk.count);
}

/** Decoupled weight decay, p = p - lr * weight_decay * p; before the update. */
export function decayParameters(kernels: Kernels, chunk: UpdateChunk, { lr, weightDecay }: UpdateContext): void {
  if (weightDecay !== 0) kernels.scale(chunk.parameters, 1 - lr * weightDecay, chunk.count);
}
