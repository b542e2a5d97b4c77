// Dropout of whole channels of a picture.
import { loadLanes, storeLanes } from '../vector/lanes';
import { words } from '../vector/philox';
import { f32At, f32AtRow } from '../vector/pointer';

// channel_dropout_forward: mask = keep ? scale : 0, y = keep ? a * scale : 0, keep = (word of the row's channel >= threshold)
//   a, y f32[rows,pixels,C], may be the same  mask f32[rows,pixels,C], apart from both  stream, threshold, scale as dropout_forward; pixels >= 1
//   order   channel c of row r has word first + r C + c of the stream, first >= 0, first + rows C <= 2^32
//   NaN     as dropout_forward      twin channelDropoutForward      source  https://pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html
export function channel_dropout_forward(
  a: usize, y: usize, mask: usize, rows: i32, pixels: i32, channels: i32, first: i32, threshold: i32, scale: f32, stream: usize,
): void {
  const least = i32x4.splat(threshold), factor = f32x4.splat(scale);
  for (let r = 0; r < rows; r++) {
    const row = f32AtRow(mask, r, pixels * channels, 0);
    // A row's words are drawn into the mask of its first pixel, which is read last.
    words(row, channels, <u32>first + <u32>r * <u32>channels, stream);
    for (let p = pixels - 1; p >= 0; p--) {
      const at = f32AtRow(0, r * pixels + p, channels, 0);
      let c = 0;
      for (; c + 4 <= channels; c += 4) keepOrDrop(f32At(row, c), f32At(a + at, c), f32At(y + at, c), f32At(mask + at, c), least, factor, 4);
      if (c < channels) {
        keepOrDrop(f32At(row, c), f32At(a + at, c), f32At(y + at, c), f32At(mask + at, c), least, factor, channels - c);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function keepOrDrop(drawn: usize, a: usize, y: usize, mask: usize, least: v128, factor: v128, count: i32): void {
  const keep = i32x4.ge_u(loadLanes(drawn, count), least);
  storeLanes(mask, v128.and(keep, factor), count);
  storeLanes(y, v128.and(keep, f32x4.mul(loadLanes(a, count), factor)), count);
}
