import type { Network } from '../model/network.ts';
import type { PlacedTensor } from '../model/parameters.ts';
import type { Range } from './leaves.ts';

/** Floats that go through reduce and update together: gradient, parameters and state stay in the first-level cache. */
export const CHUNK_FLOATS = 2048;

/**
 * A piece of one tensor: the unit of reduction, update and of every sum over parameters. Where chunks begin depends on the network
 * alone; workers share them out.
 */
export interface Chunk {
  /** Its number among all chunks. */
  index: number;
  tensor: PlacedTensor;
  /** First float in the parameter vector. */
  offset: number;
  count: number;
}

/** How many chunks a network has. Made without them: a network too large for any memory must fail by its size alone. */
export function chunkCount(network: Network): number {
  return network.parameters.reduce((count, { size }) => count + Math.ceil(size / CHUNK_FLOATS), 0);
}

/** All chunks of a network, in the order of the parameter vector. */
export function planChunks(network: Network): Chunk[] {
  const chunks: Chunk[] = [];
  for (const tensor of network.parameters) {
    const { offset, size } = tensor;
    for (let from = 0; from < size; from += CHUNK_FLOATS) {
      chunks.push({ index: chunks.length, tensor, offset: offset + from, count: Math.min(CHUNK_FLOATS, size - from) });
    }
  }
  return chunks;
}

/** The contiguous run of chunks (the slice) that a rank reduces and updates: about the same number of floats for each. */
export function sliceOf(chunks: readonly Chunk[], rank: number, workers: number): Chunk[] {
  const last = chunks.at(-1);
  const floats = last === undefined ? 0 : last.offset + last.count;
  const bound = (r: number): number => (r * floats) / workers;
  // A chunk belongs to the rank in whose share its middle lies.
  return chunks.filter(({ offset, count }) => {
    const middle = offset + count / 2;
    return middle >= bound(rank) && (middle < bound(rank + 1) || rank === workers - 1);
  });
}

/** The columns (units) of a layer's weight that a rank projects. */
export function columnsOf({ shape }: PlacedTensor, rank: number, workers: number): Range {
  const units = shape[0] ?? 0;
  return { from: Math.floor((rank * units) / workers), to: Math.floor(((rank + 1) * units) / workers) };
}
