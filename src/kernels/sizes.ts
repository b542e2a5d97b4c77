/**
 * Floats of per-worker scratch that the matrix products need for at most `rows` rows and layers up to `inputs` by `outputs`.
 * An upper bound that grows with every argument: packed panels (at most 1 MiB, or one panel where the depth is larger), packed columns of x
 * and the stack of partial tiles. The constants mirror kernels/products/dense.ts and kernels/products/gradient.ts; test/kernels/products/scratch.test.ts holds them.
 */
export function scratchFloats(rows: number, inputs: number, outputs: number, leaves: number): number {
  const roundUp8 = (n: number) => Math.ceil(n / 8) * 8;
  // Columns are packed in groups of at least 8; 4 more when the last panel is 12 wide.
  const panels = (depth: number, columns: number, budget: number) =>
    Math.min(Math.max(8 * depth, budget) + 4 * depth, depth * roundUp8(columns));
  const stack = 36 * (33 - Math.clz32(leaves));
  const forward = Math.max(
    64,
    36 + panels(inputs, outputs, 131072),
    Math.min(Math.max(16 * inputs, 131072), 16 * inputs * Math.ceil(outputs / 16)),
  );
  const inputGradient = panels(outputs, rows, 131072);
  // 16 columns of x packed, or the rows that are not zero listed, four columns at a time, with their leaves.
  const weightGradient = stack + panels(rows, outputs, 262144) + 20 * rows + 12 * leaves + 16;
  return Math.max(forward, inputGradient, weightGradient);
}

/** i32 of the list of non-zero columns of a row of `columns`. Mirrors kernels/products/sparse.ts. */
export function listWords(columns: number): number {
  return columns + 4;
}
