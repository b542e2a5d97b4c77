import { f32Bytes, type PlacedTensor } from '../../model/parameters.ts';
import { type Chunk, rowFloats, slicesOf } from './chunks.ts';
import { isByFactors } from './exchange.ts';
import type { Range } from './leaves.ts';
import type { MemoryPlan } from './memory.ts';
import type { EnginePlan } from './plan.ts';

/** Address of a tensor's gradient in a slab. The first one, where all sums end, has the layout of the parameter vector. */
export function gradientAt({ slabs, slabOffsets }: MemoryPlan, slab: number, tensor: PlacedTensor): number {
  const offset = slab === 0 ? tensor.offset : slabOffsets[tensor.name];
  const region = slabs[slab];
  if (region === undefined || offset === undefined) throw new RangeError(`slab ${slab} has no place for ${tensor.name}`);
  return region.at + f32Bytes(offset);
}

/** Rows of a batch whose products with a float's deltas cost as much as a pass of reduction or update over it. */
const ROWS_PER_PASS = 16;

/** The chunks that each rank reduces and updates: its share of the work between the barriers, the products with factors included. */
export function rankSlices({ chunks, exchange, batches, workers }: EnginePlan): Chunk[][] {
  const factors = 1 + batches.batchRows / ROWS_PER_PASS;
  return slicesOf(chunks, workers, ({ tensor, count }) => count * (isByFactors(tensor, exchange) ? factors : workers));
}

/** The slice of one rank. */
export function rankChunks(plan: EnginePlan, rank: number): Chunk[] {
  return rankSlices(plan)[rank] ?? [];
}

/** Rows of a weight as stored, [in, out], that lie in the slice. */
export function rowsOfSlice(slice: readonly Chunk[], tensor: PlacedTensor): Range {
  const own = slice.filter((chunk) => chunk.tensor.name === tensor.name);
  const [first, last] = [own[0], own.at(-1)];
  if (first === undefined || last === undefined) return { from: 0, to: 0 };
  const width = rowFloats(tensor);
  return { from: (first.offset - tensor.offset) / width, to: (last.offset + last.count - tensor.offset) / width };
}

/** Units of a weight as columns [from, to) of a matrix [inputs, units]. */
export interface UnitColumns {
  /** Address of the matrix. */
  at: number;
  inputs: number;
  units: number;
  from: number;
  to: number;
}

/**
 * A rank's share of the units of a weight of any rank, [units, ...]: columns of one matrix where the weight is stored with its units last, else a
 * matrix of one column each.
 *
 * @param vector  address of the parameter vector
 */
export function unitColumns({ shape, size, offset, layout }: PlacedTensor, vector: number, rank: number, workers: number): UnitColumns[] {
  const [units = 1] = shape;
  const inputs = size / units;
  const [from, to] = [Math.floor((rank * units) / workers), Math.floor(((rank + 1) * units) / workers)];
  const at = vector + f32Bytes(offset);
  if (layout !== undefined) return [{ at, inputs, units, from, to }];
  return Array.from({ length: to - from }, (_, i) => ({ at: at + f32Bytes((from + i) * inputs), inputs, units: 1, from: 0, to: 1 }));
}
