import { fromStored, toStored } from '../graph/layout.ts';
import type { ModelTensor } from '../graph/tensor.ts';

/** A tensor's place in its vector (parameters or statistics); offsets and sizes are in floats. */
export interface PlacedTensor extends ModelTensor {
  offset: number;
  size: number;
}

/** Bytes of `count` f32 values. */
export function f32Bytes(count: number): number {
  return count * Float32Array.BYTES_PER_ELEMENT;
}

/**
 * A tensor in PyTorch's layout (the file's), whatever its layout in the parameter vector.
 *
 * @param vector  the vector that the tensor is placed in, or one of the same layout
 * @returns a copy, shape `tensor.shape`, row-major
 */
export function readTensor(vector: Float32Array, tensor: PlacedTensor): Float32Array {
  const stored = vector.subarray(tensor.offset, tensor.offset + tensor.size);
  return tensor.layout === undefined ? stored.slice() : fromStored(stored, tensor.layout);
}

/** Writes a tensor given in PyTorch's layout into its vector. */
export function writeTensor(vector: Float32Array, tensor: PlacedTensor, values: Float32Array): void {
  if (values.length !== tensor.size) throw new RangeError(`${tensor.name}: ${values.length} values for ${tensor.size} places`);
  vector.set(tensor.layout === undefined ? values : toStored(values, tensor.layout), tensor.offset);
}
