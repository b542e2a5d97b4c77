// Gradient of a convolution's input: for the pixels of one phase of the stride, a convolution of dz with the taps that reach them, turned round.
import { groupOf } from '../products/dense';
import { panelWidth } from '../products/pack';
import { TILE_FLOATS } from '../products/tile';
import { f32At, f32AtRow, i32At, strideOf } from '../vector/pointer';
import { depthwiseProducts } from './depthwise';
import { copyLine, framePictures, PIXELS, picturesAtOnce, placeTable } from './picture';
import { gatherProducts } from './tile';

/** Floats of packed weights kept at a time: half of a 1 MiB L2. */
const PANEL_FLOATS: i32 = 131072;

/** Lines (columns) of zeros before the first of dz: the first output that a tap looks for is that much before output 0. */
// @ts-ignore: decorator
@inline
function zerosBefore(kernel: i32, dilation: i32, padding: i32, stride: i32): i32 {
  return max(0, (kernel - 1) * dilation - padding) / stride;
}

/** Lines (columns) from the first of dz to the last that a tap looks for. */
// @ts-ignore: decorator
@inline
function linesOf(outputs: i32, extent: i32, padding: i32, stride: i32): i32 {
  return max(outputs, (extent - 1 + padding) / stride + 1);
}

/** Whether a tap reaches the pixels of a phase. `shift` is the pixel's place, padding included, less the tap's. */
// @ts-ignore: decorator
@inline
function reaches(shift: i32, stride: i32): bool {
  return shift % stride == 0;
}

/** out[n, 4 of width] = rows[count,n]^T, `stride` bytes apart; of fewer than 4 rows the missing ones are zeros. */
function packFour(rows: usize, stride: usize, count: i32, n: i32, out: usize, width: i32): void {
  let i = 0;
  if (count >= 4) {
    const r1 = rows + stride, r2 = r1 + stride, r3 = r2 + stride;
    for (; i + 4 <= n; i += 4) {
      const a = v128.load(f32At(rows, i)), b = v128.load(f32At(r1, i)), c = v128.load(f32At(r2, i)), d = v128.load(f32At(r3, i));
      const p = v128.shuffle<i32>(a, b, 0, 4, 1, 5), q = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
      const s = v128.shuffle<i32>(a, b, 2, 6, 3, 7), t = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
      v128.store(f32AtRow(out, i, width, 0), v128.shuffle<i64>(p, q, 0, 2));
      v128.store(f32AtRow(out, i + 1, width, 0), v128.shuffle<i64>(p, q, 1, 3));
      v128.store(f32AtRow(out, i + 2, width, 0), v128.shuffle<i64>(s, t, 0, 2));
      v128.store(f32AtRow(out, i + 3, width, 0), v128.shuffle<i64>(s, t, 1, 3));
    }
  }
  for (; i < n; i++) {
    for (let j = 0; j < 4; j++) f32.store(f32AtRow(out, i, width, j), j < count ? f32.load(f32At(rows, i) + (<usize>j) * stride) : 0);
  }
}

/** out[k,channels] = the weights of one channel and one filter a group, k over the phase's taps in the order of their outputs. */
function packDepthwise(
  w: usize, kernel_h: i32, kernel_w: i32, shiftH: i32, shiftW: i32, stride_h: i32, stride_w: i32, dilation_h: i32, dilation_w: i32,
  channels: i32, out: usize,
): void {
  for (let ky = kernel_h - 1; ky >= 0; ky--) {
    if (!reaches(shiftH - ky * dilation_h, stride_h)) continue;
    for (let kx = kernel_w - 1; kx >= 0; kx--) {
      if (!reaches(shiftW - kx * dilation_w, stride_w)) continue;
      copyLine(f32AtRow(w, ky * kernel_w + kx, channels, 0), out, channels);
      out = f32At(out, channels);
    }
  }
}

/**
 * out[k,width] = the weights of channels c..c+columns-1 of a group, k over the phase's taps in the order of their outputs, and the group's
 * filters; padded with zeros.
 */
function packPhase(
  w: usize, kernel_h: i32, kernel_w: i32, shiftH: i32, shiftW: i32, stride_h: i32, stride_w: i32, dilation_h: i32, dilation_w: i32,
  inner: i32, outer: i32, filters: i32, channel: i32, columns: i32, width: i32, out: usize,
): void {
  const filter = channel / inner * outer, c = channel % inner;
  for (let ky = kernel_h - 1; ky >= 0; ky--) {
    if (!reaches(shiftH - ky * dilation_h, stride_h)) continue;
    for (let kx = kernel_w - 1; kx >= 0; kx--) {
      if (!reaches(shiftW - kx * dilation_w, stride_w)) continue;
      const tap = f32AtRow(w, (ky * kernel_w + kx) * inner + c, filters, filter);
      for (let j = 0; j < width; j += 4) packFour(f32AtRow(tap, j, filters, 0), strideOf(filters), min(4, columns - j), outer, f32At(out, j), width);
      out = f32AtRow(out, outer, width, 0);
    }
  }
}

// conv_input_gradient: dx = dz convolved with w turned round
//   dz [B,outH,outW,F]  w [kh,kw,C/groups,F]  dx [B,H,W,C], overwritten, f32, 4-byte aligned; outputs, channels and filters >= 1
//   order   each element is summed oy, ox, f (of the channel's group) ascending from +0 by multiply then add; outputs that are not there
//           may be summed as +0 w: same bits for finite w
//   bound   |err| <= kh kw F/groups * 2^-24 * sum|dz w|
//   scratch convScratchFloats        twin convInputGradient
export function conv_input_gradient(
  dz: usize, w: usize, dx: usize, rows: i32,
  height: i32, width: i32, channels: i32, kernel_h: i32, kernel_w: i32, stride_h: i32, stride_w: i32, dilation_h: i32, dilation_w: i32,
  pad_top: i32, pad_left: i32, out_height: i32, out_width: i32,
  filters: i32, groups: i32, scratch: usize,
): void {
  const inner = channels / groups, outer = filters / groups, isDepthwise = inner == 1 && outer == 1;
  const before = zerosBefore(kernel_h, dilation_h, pad_top, stride_h), left = zerosBefore(kernel_w, dilation_w, pad_left, stride_w);
  const lines = before + linesOf(out_height, height, pad_top, stride_h), across = left + linesOf(out_width, width, pad_left, stride_w);
  const isFramed = lines > out_height || across > out_width;
  const line = across * filters, phaseLines = (height + stride_h - 1) / stride_h, phaseColumns = (width + stride_w - 1) / stride_w;
  const atOnce = picturesAtOnce(rows, phaseLines * phaseColumns, lines * line);
  const taps = f32At(scratch, TILE_FLOATS), from = i32At(taps, kernel_h * kernel_w * outer);
  const to = i32At(from, atOnce * phaseLines * phaseColumns), frames = i32At(to, atOnce * phaseLines * phaseColumns);
  const panels = isFramed ? f32AtRow(frames, atOnce * lines, line, 0) : frames;
  if (isFramed) memory.fill(frames, 0, f32AtRow(0, atOnce * lines, line, 0));
  for (let h = 0; h < min(stride_h, height); h++) {
    for (let v = 0; v < min(stride_w, width); v++) {
      const shiftH = h + pad_top, shiftW = v + pad_left;
      let tap = taps;
      for (let ky = kernel_h - 1; ky >= 0; ky--) {
        const oy = shiftH - ky * dilation_h;
        if (!reaches(oy, stride_h)) continue;
        for (let kx = kernel_w - 1; kx >= 0; kx--) {
          const ox = shiftW - kx * dilation_w;
          if (!reaches(ox, stride_w)) continue;
          const at = (oy / stride_h + before) * line + (ox / stride_w + left) * filters;
          for (let f = 0; f < outer; f++, tap = i32At(tap, 1)) i32.store(tap, (at + f) << 2);
        }
      }
      const k = <i32>((tap - taps) >> 2);
      const down = (height - h + stride_h - 1) / stride_h, pixels = down * ((width - v + stride_w - 1) / stride_w);
      placeTable(from, atOnce, lines * line, down, line, pixels / down, filters);
      placeTable(to, atOnce, height * width * channels, down, stride_h * width * channels, pixels / down, stride_w * channels);
      const most = groupOf(k, PANEL_FLOATS);
      for (let first = 0, end = 0; first < channels; first = end) {
        if (isDepthwise) {
          packDepthwise(w, kernel_h, kernel_w, shiftH, shiftW, stride_h, stride_w, dilation_h, dilation_w, channels, panels);
          end = channels;
        }
        for (let packed = 0; end < channels; ) {
          const remaining = inner - end % inner, wide = panelWidth(remaining, true), columns = min(wide, remaining);
          if (packed > 0 && packed + wide > most) break;
          packPhase(w, kernel_h, kernel_w, shiftH, shiftW, stride_h, stride_w, dilation_h, dilation_w,
            inner, outer, filters, end, columns, wide, f32AtRow(panels, packed, k, 0));
          packed += wide;
          end += columns;
        }
        for (let r = 0; r < rows; r += atOnce) {
          const pictures = min(atOnce, rows - r), count = pictures * pixels;
          let a = f32AtRow(dz, r * out_height, out_width * filters, 0);
          if (isFramed && k > 0) {
            framePictures(a, pictures, out_height, out_width, filters, before, left, lines, across, frames);
            a = frames;
          }
          const out = f32AtRow(dx, (r * height + h) * width + v, channels, 0);
          if (isDepthwise) {
            depthwiseProducts(a, from, count, taps, k, panels, channels, out, to, 0, 0, 0);
            continue;
          }
          for (let p = 0; p < count; p += PIXELS) {
            gatherProducts(a, i32At(from, p), min(PIXELS, count - p), taps, k, outer, inner, panels, first, end,
              out, i32At(to, p), 0, 0, 0, scratch);
          }
        }
      }
    }
  }
}
