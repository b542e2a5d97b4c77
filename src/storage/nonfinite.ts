import { printable } from '../errors.ts';

/**
 * The first value of a tensor that is no number to train with, in words: `layers.0.weight[3, 5] is NaN`; undefined where all are finite.
 *
 * @param shape   of the values, row-major
 */
export function nonfiniteIn(name: string, shape: readonly number[], values: Float32Array): string | undefined {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return undefined;
  const index: number[] = [];
  let rest = at;
  for (const size of shape.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `${printable(name)}[${index.join(', ')}] is ${values[at]}`;
}
