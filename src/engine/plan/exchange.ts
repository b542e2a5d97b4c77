import type { Experiment } from '../../config/schema/schema.ts';
import type { Traits } from '../../kernels/backend.ts';
import type { Network } from '../../model/network.ts';
import type { PlacedTensor } from '../../model/parameters.ts';
import type { BatchPlan } from './batches.ts';

/**
 * How the gradient of a layer's weight comes together from all ranks' rows; the leaves are summed by the same tree, so the bits are equal.
 *
 * gradients: every rank sums its leaves into slabs of the weight's size; after the barrier each adds up its slice of all slabs.
 * factors: after the barrier each rank computes its slice of the gradient over the whole batch, from the layer's inputs and deltas of all
 *   ranks: no slabs. source: sufficient factors, Xie et al. (2015), "Distributed machine learning via sufficient factor broadcasting".
 */
export type Exchange = 'gradients' | 'factors';

/**
 * The exchange of every layer.
 *
 * auto takes what moves fewer floats between cores. Slabs of S floats: each of `workers` is written by one rank and read by others.
 * Factors: every rank reads its columns of all other ranks' inputs, and all of their deltas. One worker moves nothing; it computes the
 * gradient in the backward pass, where the deltas are still in its cache. A backend that needs fixed blocks always gets factors: it
 * would round slabs of some leaves otherwise than all leaves together.
 */
export function planExchange(
  { parallel }: Experiment,
  { fixedBlocks }: Traits,
  network: Network,
  { batchRows }: BatchPlan,
  workers: number,
): Exchange[] {
  return network.layers.map(({ inputs, outputs }) => {
    if (fixedBlocks) return 'factors';
    if (parallel.exchange !== 'auto') return parallel.exchange;
    const slabs = workers * inputs * outputs;
    const factors = batchRows * (inputs + workers * outputs);
    return workers > 1 && factors < slabs ? 'factors' : 'gradients';
  });
}

/** True where the tensor's gradient needs no slabs: weights [in, out] of such layers. Biases and norms are too small to matter. */
export function isByFactors(tensor: PlacedTensor, exchange: readonly Exchange[]): boolean {
  return tensor.transposed && exchange[tensor.layer] === 'factors';
}

/** Where the tensors that need slabs lie in a slab, in floats by name, and its size. */
export function slabLayout(network: Network, exchange: readonly Exchange[]): { offsets: Record<string, number>; floats: number } {
  const offsets: Record<string, number> = {};
  let floats = 0;
  for (const tensor of network.parameters) {
    if (isByFactors(tensor, exchange)) continue;
    offsets[tensor.name] = floats;
    floats += Math.ceil(tensor.size / 4) * 4;
  }
  return { offsets, floats };
}
