/** [rows, columns] -> [columns, rows]; moved as 32-bit words, so every bit pattern of a float survives. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const from = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const to = new Uint32Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j] as number;
  return new Float32Array(to.buffer);
}
