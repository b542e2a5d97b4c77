import { createHash } from 'node:crypto';

/** JSON has no NaN or Infinity. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** sha256 (hex) over the bytes of tensors in the given order. */
export function digestOf(tensors: Iterable<Float32Array>): string {
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of tensors) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}
