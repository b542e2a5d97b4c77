// Dropout and its gradient.
import { loadLanes, storeLanes } from '../vector/lanes';
import { words } from '../vector/philox';
import { f32At } from '../vector/pointer';

/** Random words drawn at a time, into the mask itself: 4 KiB stay in L1. A multiple of 32, the words of one turn. */
const CHUNK: i32 = 1024;

// dropout_forward: mask = keep ? scale : 0, y = keep ? a * scale : 0, keep = (word of the element >= threshold)
//   a, y f32[n], may be the same  mask f32[n], apart from both  stream u32[4]: key0, key1, number0, number1, as RandomStream's
//   threshold u32 (passed as i32): an element is dropped with probability threshold / 2^32
//   order   element i has word first + i of the stream, first >= 0, first + n <= 2^32: so its fate depends on its place in the batch alone
//   NaN     kept elements keep it; a dropped element is +0 even where a is NaN or infinite (PyTorch's product with 0 gives NaN)
//   twin    dropoutForward      source  https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html
export function dropout_forward(a: usize, y: usize, mask: usize, n: i32, first: i32, threshold: i32, scale: f32, stream: usize): void {
  const least = i32x4.splat(threshold), factor = f32x4.splat(scale);
  for (let i = 0; i < n; ) {
    const end = min(n, i + CHUNK - (first + i & 3)); // later chunks begin with a block
    words(f32At(mask, i), end - i, <u32>first + <u32>i, stream);
    for (; i + 4 <= end; i += 4) keepOrDrop(f32At(a, i), f32At(y, i), f32At(mask, i), least, factor, 4);
    if (i < end) keepOrDrop(f32At(a, i), f32At(y, i), f32At(mask, i), least, factor, end - i);
    i = end;
  }
}

// @ts-ignore: decorator
@inline
function keepOrDrop(a: usize, y: usize, mask: usize, least: v128, factor: v128, count: i32): void {
  const keep = i32x4.ge_u(loadLanes(mask, count), least);
  storeLanes(mask, v128.and(keep, factor), count);
  storeLanes(y, v128.and(keep, f32x4.mul(loadLanes(a, count), factor)), count);
}
