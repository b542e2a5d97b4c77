/** Addresses of what changes pictures: the places of the numbers that the kernels of pictures read, and of what they leave. */
export interface AugmentLayout {
  /** f64[6] and u32[4]. */
  map: number;
  stream: number;
  /** Of `add_noise`. */
  scratch: number;
  /** f32[2 reach + 1]. */
  weights: number;
  /** f32[features], the sample as it is stored. */
  source: number;
  /** f32[2, pixels] and f32[pixels]; a sample has no more pixels than features. */
  moved: number;
  work: number;
  /** Bytes of all of it. */
  bytes: number;
}

const F32 = Float32Array.BYTES_PER_ELEMENT;
const MAP_BYTES = 48;
const STREAM_BYTES = 16;
const SCRATCH_FLOATS = 64;

/** @param reach  neighbours on each side that smooth a displacement; undefined where nothing is displaced */
export function augmentLayout(features: number, reach: number | undefined, at: number): AugmentLayout {
  const stream = at + MAP_BYTES;
  const scratch = stream + STREAM_BYTES;
  const weights = scratch + F32 * SCRATCH_FLOATS;
  const source = weights + F32 * (reach === undefined ? 0 : 2 * reach + 1);
  const moved = source + F32 * features;
  const work = moved + F32 * (reach === undefined ? 0 : 2 * features);
  const end = work + F32 * (reach === undefined ? 0 : features);
  return { map: at, stream, scratch, weights, source, moved, work, bytes: end - at };
}
