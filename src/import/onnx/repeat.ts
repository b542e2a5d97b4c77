/**
 * Where an element of a shape stands in a smaller one that is repeated to it, as numpy does it: along each axis of extent 1.
 *
 * @param small  as many axes as `shape`
 * @param index  of the element, row-major
 */
export function repeatedAt(small: readonly number[], shape: readonly number[], index: number): number {
  let [place, stride, rest] = [0, 1, index];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] as number;
    if (small[axis] !== 1) place += (rest % extent) * stride;
    stride *= small[axis] as number;
    rest = Math.floor(rest / extent);
  }
  return place;
}
