import type { Network } from '../../model/network.ts';
import type { PlacedTensor } from '../../model/parameters.ts';

/** Floats that go through reduce and update together: gradient, parameters and state stay in the first-level cache. */
export const CHUNK_FLOATS = 2048;

/** Blocks begin at multiples of this many rows of a weight: the tiles of its gradient are four rows high. */
const TILE_ROWS = 4;

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
  /** Number of its block: the chunks of whole rows of a weight as stored, [in, out]. Slices begin with a block. */
  block: number;
}

/** Floats of a row of a weight as stored, [..., units]; other tensors may be cut anywhere. */
export function rowFloats({ shape, layout }: PlacedTensor): number {
  return layout === undefined ? 1 : (shape[0] ?? 1);
}

/** How many chunks a network has. Made without them: a network too large for any memory must fail by its size alone. */
export function chunkCount(network: Network): number {
  return network.parameters.reduce((count, tensor) => {
    const floats = blockFloats(tensor);
    const rest = tensor.size % floats;
    return count + Math.floor(tensor.size / floats) * Math.ceil(floats / CHUNK_FLOATS) + Math.ceil(rest / CHUNK_FLOATS);
  }, 0);
}

/** Whole rows: as many as a chunk holds, or the fewest, which then take several chunks. */
function blockFloats(tensor: PlacedTensor): number {
  const width = rowFloats(tensor);
  return Math.max(TILE_ROWS, Math.floor(CHUNK_FLOATS / width / TILE_ROWS) * TILE_ROWS) * width;
}

/** All chunks of a network, in the order of the parameter vector. */
export function planChunks(network: Network): Chunk[] {
  const chunks: Chunk[] = [];
  let block = 0;
  for (const tensor of network.parameters) {
    const floats = blockFloats(tensor);
    for (let start = 0; start < tensor.size; start += floats, block++) {
      const end = Math.min(start + floats, tensor.size);
      for (let from = start; from < end; from += CHUNK_FLOATS) {
        const count = Math.min(CHUNK_FLOATS, end - from);
        chunks.push({ index: chunks.length, tensor, offset: tensor.offset + from, count, block });
      }
    }
  }
  return chunks;
}

/**
 * The contiguous run of chunks (the slice) that each rank reduces and updates: about the same cost for each, whole blocks only.
 *
 * @param cost  of a chunk, in any unit @default its floats
 */
export function slicesOf(chunks: readonly Chunk[], workers: number, cost: (chunk: Chunk) => number = ({ count }) => count): Chunk[][] {
  const costs: number[] = [];
  for (const chunk of chunks) costs[chunk.block] = (costs[chunk.block] ?? 0) + cost(chunk);
  const share = costs.reduce((sum, c) => sum + c, 0) / workers;
  let before = 0;
  // A block belongs to the rank in whose share its middle lies.
  const owners = costs.map((c) => {
    const middle = before + c / 2;
    before += c;
    return Math.min(workers - 1, Math.floor(middle / share));
  });
  const slices = Array.from({ length: workers }, (): Chunk[] => []);
  for (const chunk of chunks) slices[owners[chunk.block] ?? 0]?.push(chunk);
  return slices;
}
