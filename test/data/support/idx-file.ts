/** The bytes of an IDX file: magic, sizes, elements. */
export function idxBytes(shape: readonly number[], elements: ArrayLike<number>, magic = 0x0800 | shape.length): Buffer {
  const bytes = Buffer.alloc(4 + 4 * shape.length + elements.length);
  bytes.writeUInt32BE(magic, 0);
  for (const [i, size] of shape.entries()) bytes.writeUInt32BE(size, 4 + 4 * i);
  bytes.set(elements, 4 + 4 * shape.length);
  return bytes;
}

/** Elements 0, 1, 2, ... modulo 251. */
export function ramp(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => i % 251);
}
