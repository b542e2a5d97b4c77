// Convolution forward: pixels by filters, as products with the weights as they lie.
import { groupOf } from '../products/dense';
import { panelWidth } from '../products/pack';
import { TILE_FLOATS } from '../products/tile';
import { f32At, f32AtRow, i32At, strideOf } from '../vector/pointer';
import { depthwiseProducts } from './depthwise';
import { framePictures, PIXELS, picturesAtOnce, placeTable, reachOf } from './picture';
import { gatherProducts, packColumns } from './tile';

/** Floats of packed weights kept at a time: half of a 1 MiB L2. */
const PANEL_FLOATS: i32 = 131072;

/** Packs the columns from `first` on, group by group, as long as they fit. @returns the first column that does not */
function packWeights(w: usize, first: i32, filters: i32, outer: i32, k: i32, panels: usize): i32 {
  const most = groupOf(k, PANEL_FLOATS);
  let packed = 0, c = first;
  while (c < filters) {
    const remaining = outer - c % outer, width = panelWidth(remaining, true), columns = min(width, remaining);
    if (packed > 0 && packed + width > most) break;
    packColumns(f32At(w, c), strideOf(filters), columns, width, k, f32AtRow(panels, packed, k, 0));
    packed += width;
    c += columns;
  }
  return c;
}

// conv_forward: y = act(x convolved with w + bias)
//   x [B,H,W,C]  w [kh,kw,C/groups,F]  bias [F] or 0 for none  y [B,outH,outW,F], f32, 4-byte aligned; outputs, channels and filters >= 1
//   activation 0 identity, 1 relu, 2 leaky_relu with slope
//   order   each element is summed ky, kx, c (of the filter's group) ascending from +0 by multiply then add, taps outside the picture
//           as +0; then the bias is added: same bits for any rows and worker
//   bound   |err| <= kh kw C/groups * 2^-24 * sum|x w|        NaN kept (f32x4.max)
//   scratch convScratchFloats        twin convForward        source  https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
export function conv_forward(
  x: usize, w: usize, bias: usize, y: usize, rows: i32,
  height: i32, width: i32, channels: i32, kernel_h: i32, kernel_w: i32, stride_h: i32, stride_w: i32, dilation_h: i32, dilation_w: i32,
  pad_top: i32, pad_left: i32, out_height: i32, out_width: i32,
  filters: i32, groups: i32, activation: i32, slope: f32, scratch: usize,
): void {
  const pixels = out_height * out_width, inner = channels / groups, outer = filters / groups, k = kernel_h * kernel_w * inner;
  const isDepthwise = inner == 1 && outer == 1;
  const reachH = reachOf(out_height, stride_h, kernel_h, dilation_h), reachW = reachOf(out_width, stride_w, kernel_w, dilation_w);
  const isFramed = pad_top > 0 || pad_left > 0 || reachH > height || reachW > width;
  const lines = isFramed ? reachH : height, line = (isFramed ? reachW : width) * channels;
  const atOnce = picturesAtOnce(rows, pixels, lines * line);
  const taps = f32At(scratch, TILE_FLOATS), from = i32At(taps, k), to = i32At(from, atOnce * pixels);
  const frames = i32At(to, atOnce * pixels), panels = isFramed ? f32AtRow(frames, atOnce * lines, line, 0) : frames;
  placeTable(taps, kernel_h, dilation_h * line, kernel_w, dilation_w * channels, inner, 1);
  placeTable(from, atOnce, lines * line, out_height, stride_h * line, out_width, stride_w * channels);
  placeTable(to, 1, 0, 1, 0, atOnce * pixels, filters);
  if (isFramed) memory.fill(frames, 0, f32AtRow(0, atOnce * lines, line, 0));
  for (let first = 0, end = 0; first < filters; first = end) {
    // One channel and one filter a group read the weights as they lie.
    end = isDepthwise ? filters : packWeights(w, first, filters, outer, k, panels);
    for (let r = 0; r < rows; r += atOnce) {
      const pictures = min(atOnce, rows - r), count = pictures * pixels;
      let a = f32AtRow(x, r * height, width * channels, 0);
      if (isFramed) {
        framePictures(a, pictures, height, width, channels, pad_top, pad_left, lines, reachW, frames);
        a = frames;
      }
      if (isDepthwise) {
        depthwiseProducts(a, from, count, taps, k, w, channels, f32AtRow(y, r * pixels, filters, 0), to, bias, activation, slope);
        continue;
      }
      for (let p = 0; p < count; p += PIXELS) {
        gatherProducts(a, i32At(from, p), min(PIXELS, count - p), taps, k, inner, outer, panels, first, end,
          f32AtRow(y, r * pixels, filters, 0), i32At(to, p), bias, activation, slope, scratch);
      }
    }
  }
}
