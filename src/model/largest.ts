/**
 * The tensor with the largest value of all, in words: `layers.1.weight has -1.2e+21`. In a network that diverged it is where to look.
 *
 * @param tensors  by name, not all empty
 */
export function largestTensor(tensors: Iterable<readonly [name: string, values: Float32Array]>): string {
  let found = { name: '', value: 0 };
  for (const [name, values] of tensors)
    for (const value of values) if (found.name === '' || Math.abs(value) > Math.abs(found.value)) found = { name, value };
  return `${found.name} has ${found.value.toPrecision(2)}`;
}
