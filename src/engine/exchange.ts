import type { Experiment } from '../config/schema.ts';
import type { Network } from '../model/network.ts';
import { f32Bytes, type PlacedTensor } from '../model/parameters.ts';
import type { BatchPlan } from './batches.ts';
import { type Chunk, planChunks, sliceOf } from './chunks.ts';
import type { Range } from './leaves.ts';
import type { MemoryPlan } from './memory.ts';
import type { EnginePlan } from './plan.ts';

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
 * gradient in the backward pass, where the deltas are still in its cache.
 */
export function planExchange({ parallel }: Experiment, network: Network, { batchRows }: BatchPlan, workers: number): Exchange[] {
  return network.layers.map(({ inputs, outputs }) => {
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

/** Address of a tensor's gradient in a slab. The first one, where all sums end, has the layout of the parameter vector. */
export function gradientAt({ slabs, slabOffsets }: MemoryPlan, slab: number, tensor: PlacedTensor): number {
  const offset = slab === 0 ? tensor.offset : slabOffsets[tensor.name];
  const region = slabs[slab];
  if (region === undefined || offset === undefined) throw new RangeError(`slab ${slab} has no place for ${tensor.name}`);
  return region.at + f32Bytes(offset);
}

/** Rows of a batch whose products with a float's deltas cost as much as a pass of reduction or update over it. */
const ROWS_PER_PASS = 16;

/** The chunks that a rank reduces and updates: its share of the work between the barriers, the products with factors included. */
export function rankChunks({ network, exchange, batches, workers }: EnginePlan, rank: number): Chunk[] {
  const factors = 1 + batches.batchRows / ROWS_PER_PASS;
  const cost = ({ tensor, count }: Chunk): number => count * (isByFactors(tensor, exchange) ? factors : workers);
  return sliceOf(planChunks(network), rank, workers, cost);
}

/** Rows of a weight as stored, [in, out], that lie in the slice. */
export function rowsOfSlice(slice: readonly Chunk[], tensor: PlacedTensor): Range {
  const own = slice.filter((chunk) => chunk.tensor.name === tensor.name);
  const [first, last] = [own[0], own.at(-1)];
  if (first === undefined || last === undefined) return { from: 0, to: 0 };
  const [width = 1] = tensor.shape;
  return { from: (first.offset - tensor.offset) / width, to: (last.offset + last.count - tensor.offset) / width };
}
