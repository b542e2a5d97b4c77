/** Pictures changed at random. Conventions and letters: `Kernels`; C channels, H rows, W columns, R neighbours on each side. */
export interface PictureKernels {
  /** to[H,W] = uniform noise of a stream, smoothed along both axes by weights[2 R + 1]. */
  displacement(
    to: number,
    work: number,
    h: number,
    w: number,
    weights: number,
    r: number,
    amount: number,
    first: number,
    stream: number,
  ): void;
  /** to[C,H,W] = from at the places that the f64[6] of map, and f32[2,H,W] of moved (0: none), give each pixel. */
  warp(from: number, to: number, c: number, h: number, w: number, map: number, moved: number): void;
  /** a = min(max(a, low), high), n floats. */
  clamp(a: number, n: number, low: number, high: number): void;
}
