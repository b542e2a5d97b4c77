/** Extents of a tensor, outermost first. A tensor with a row for each sample leaves the rows out: `[28, 28]` is a batch of pictures. */
export type Shape = readonly number[];

/** How many values a tensor of this shape has; 1 for `[]`. */
export function elements(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

export function equalShapes(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i]);
}

/** `[28, 28]` as `28x28`; a single value as `1`. */
export function shapeText(shape: Shape): string {
  return shape.length === 0 ? '1' : shape.join('x');
}
