import type { Dataset } from './dataset.ts';

/** Rows of each class among the given samples; undefined where targets are numbers. */
export function classCounts({ target }: Pick<Dataset, 'target'>, samples: Uint32Array): number[] | undefined {
  if (target.kind === 'value') return undefined;
  const counts = Array.from({ length: target.classes }, () => 0);
  for (const sample of samples) {
    const label = target.labels[sample] as number;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return counts;
}

/**
 * Per output, the sum over the samples of (target - mean)^2, as r2 needs it; labels count as one-hot rows, or as the target itself where
 * there is one output. Two passes in f64, in the order of the samples; exactly 0 for a constant target.
 */
export function targetSquares({ target }: Pick<Dataset, 'target'>, samples: Uint32Array, outputs: number): Float64Array {
  const squares = new Float64Array(outputs);
  const targetOf = (sample: number, j: number): number => {
    if (target.kind === 'value') return target.values[sample * outputs + j] as number;
    const label = target.labels[sample] as number;
    return outputs === 1 ? label : Number(label === j);
  };
  for (let j = 0; j < outputs && samples.length > 0; j++) {
    // Distances from the first target: a mean of equal values may be off in its last bit, a mean of zeros is not.
    const first = targetOf(samples[0] as number, j);
    let mean = 0;
    for (const sample of samples) mean += targetOf(sample, j) - first;
    mean /= samples.length;
    let sum = 0;
    for (const sample of samples) sum += (targetOf(sample, j) - first - mean) ** 2;
    squares[j] = sum;
  }
  return squares;
}
