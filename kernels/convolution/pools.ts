// Pools of pictures, channels last, and the turn of a picture's axes. All f32, 4-byte aligned; windows have a tap inside the picture.
import { loadLanes, storeLanes } from '../vector/lanes';
import { f32At, f32AtRow, i32At } from '../vector/pointer';

// max_pool_forward: y = the maximum of every window
//   x [B,H,W,C]  y [B,outH,outW,C]  index i32 like y: the maximum's pixel h W + w, or 0 for not wanted; dilation 1
//   order   taps in scan order; the first of equal ones stays, the first NaN wins. Taps outside the picture take no part
//   twin    maxPoolForward      source  https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
export function max_pool_forward(
  x: usize, y: usize, index: usize, rows: i32,
  height: i32, width: i32, channels: i32, kernel_h: i32, kernel_w: i32, stride_h: i32, stride_w: i32, dilation_h: i32, dilation_w: i32,
  pad_top: i32, pad_left: i32, out_height: i32, out_width: i32,
): void {
  for (let r = 0; r < rows; r++) {
    for (let oy = 0; oy < out_height; oy++) {
      const top = oy * stride_h - pad_top, y0 = max(0, top), lines = min(top + kernel_h, height) - y0;
      for (let ox = 0; ox < out_width; ox++) {
        const left = ox * stride_w - pad_left, x0 = max(0, left), columns = min(left + kernel_w, width) - x0;
        const first = y0 * width + x0, pixel = f32AtRow(x, first, channels, 0);
        let c = 0;
        for (; c + 4 <= channels; c += 4) {
          largestOf(f32At(pixel, c), width, channels, lines, columns, first, f32At(y, c), index ? f32At(index, c) : 0, 4);
        }
        if (c < channels) {
          largestOf(f32At(pixel, c), width, channels, lines, columns, first, f32At(y, c), index ? f32At(index, c) : 0, channels - c);
        }
        y = f32At(y, channels);
        if (index) index = i32At(index, channels);
      }
    }
    x = f32AtRow(x, height, width * channels, 0);
  }
}

/** `count` channels of one window, whose first tap inside is x and has the pixel number `first`. */
// @ts-ignore: decorator
@inline
function largestOf(x: usize, width: i32, channels: i32, lines: i32, columns: i32, first: i32, y: usize, index: usize, count: i32): void {
  let best = loadLanes(x, count), pixel = first, at = i32x4.splat(pixel);
  for (let line = 0; line < lines; line++) {
    for (let column = 0; column < columns; column++) {
      const v = loadLanes(x, count);
      // best is a number and v is larger or none
      const takes = v128.and(v128.not(f32x4.ge(best, v)), f32x4.eq(best, best));
      best = v128.bitselect(v, best, takes);
      at = v128.bitselect(i32x4.splat(pixel), at, takes);
      x = f32At(x, channels);
      pixel++;
    }
    x = f32AtRow(x, width - columns, channels, 0);
    pixel += width - columns;
  }
  storeLanes(y, best, count);
  if (index) storeLanes(index, at, count);
}

// max_pool_backward: dx = the sum of dy over the windows whose maximum the pixel is
//   dy [B,outH,outW,C]  index as max_pool_forward left it  dx [B,H,W,C], overwritten
//   order   from +0, outputs in scan order      twin maxPoolBackward
export function max_pool_backward(
  dy: usize, index: usize, dx: usize, rows: i32,
  height: i32, width: i32, channels: i32, kernel_h: i32, kernel_w: i32, stride_h: i32, stride_w: i32, dilation_h: i32, dilation_w: i32,
  pad_top: i32, pad_left: i32, out_height: i32, out_width: i32,
): void {
  memory.fill(dx, 0, f32AtRow(0, rows * height * width, channels, 0));
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < out_height * out_width; i++) {
      for (let c = 0; c < channels; c++) {
        const p = f32AtRow(dx, i32.load(index), channels, c);
        f32.store(p, f32.load(p) + f32.load(dy));
        index = i32At(index, 1);
        dy = f32At(dy, 1);
      }
    }
    dx = f32AtRow(dx, height * width, channels, 0);
  }
}

// avg_pool_forward: y = the mean of every window, padding counted as +0
//   x [B,H,W,C]  y [B,outH,outW,C]; dilation 1
//   order   taps inside the picture in scan order from +0, then divided by kh kw      bound   kh kw 2^-24 sum|x| / (kh kw)      NaN kept
//   twin    avgPoolForward      source  https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
export function avg_pool_forward(
  x: usize, y: usize, rows: i32,
  height: i32, width: i32, channels: i32, kernel_h: i32, kernel_w: i32, stride_h: i32, stride_w: i32, dilation_h: i32, dilation_w: i32,
  pad_top: i32, pad_left: i32, out_height: i32, out_width: i32,
): void {
  const area = f32x4.splat(<f32>(kernel_h * kernel_w));
  for (let r = 0; r < rows; r++) {
    for (let oy = 0; oy < out_height; oy++) {
      const top = oy * stride_h - pad_top, y0 = max(0, top), lines = min(top + kernel_h, height) - y0;
      for (let ox = 0; ox < out_width; ox++) {
        const left = ox * stride_w - pad_left, x0 = max(0, left), columns = min(left + kernel_w, width) - x0;
        const pixel = f32AtRow(x, y0 * width + x0, channels, 0);
        let c = 0;
        for (; c + 4 <= channels; c += 4) {
          storeLanes(f32At(y, c), f32x4.div(sumOf(f32At(pixel, c), width, channels, lines, columns, 4), area), 4);
        }
        if (c < channels) {
          storeLanes(f32At(y, c), f32x4.div(sumOf(f32At(pixel, c), width, channels, lines, columns, channels - c), area), channels - c);
        }
        y = f32At(y, channels);
      }
    }
    x = f32AtRow(x, height, width * channels, 0);
  }
}

/** `count` channels of one window, whose first tap inside is x. */
// @ts-ignore: decorator
@inline
function sumOf(x: usize, width: i32, channels: i32, lines: i32, columns: i32, count: i32): v128 {
  let sum = f32x4.splat(0);
  for (let line = 0; line < lines; line++) {
    for (let column = 0; column < columns; column++) {
      sum = f32x4.add(sum, loadLanes(x, count));
      x = f32At(x, channels);
    }
    x = f32AtRow(x, width - columns, channels, 0);
  }
  return sum;
}

// avg_pool_backward: dx = the sum of dy / (kh kw) over the windows that the pixel lies in
//   dy [B,outH,outW,C]  dx [B,H,W,C], overwritten
//   order   from +0, outputs in scan order, each divided first      NaN kept      twin avgPoolBackward
export function avg_pool_backward(
  dy: usize, dx: usize, rows: i32,
  height: i32, width: i32, channels: i32, kernel_h: i32, kernel_w: i32, stride_h: i32, stride_w: i32, dilation_h: i32, dilation_w: i32,
  pad_top: i32, pad_left: i32, out_height: i32, out_width: i32,
): void {
  const area = f32x4.splat(<f32>(kernel_h * kernel_w));
  memory.fill(dx, 0, f32AtRow(0, rows * height * width, channels, 0));
  for (let r = 0; r < rows; r++) {
    for (let oy = 0; oy < out_height; oy++) {
      const top = oy * stride_h - pad_top, y0 = max(0, top), lines = min(top + kernel_h, height) - y0;
      for (let ox = 0; ox < out_width; ox++) {
        const left = ox * stride_w - pad_left, x0 = max(0, left), columns = min(left + kernel_w, width) - x0;
        const pixel = f32AtRow(dx, y0 * width + x0, channels, 0);
        let c = 0;
        for (; c + 4 <= channels; c += 4) {
          addToAll(f32At(pixel, c), width, channels, lines, columns, f32x4.div(v128.load(f32At(dy, c)), area), 4);
        }
        if (c < channels) {
          addToAll(f32At(pixel, c), width, channels, lines, columns, f32x4.div(loadLanes(f32At(dy, c), channels - c), area), channels - c);
        }
        dy = f32At(dy, channels);
      }
    }
    dx = f32AtRow(dx, height, width * channels, 0);
  }
}

/** The counterpart of sumOf. */
// @ts-ignore: decorator
@inline
function addToAll(dx: usize, width: i32, channels: i32, lines: i32, columns: i32, d: v128, count: i32): void {
  for (let line = 0; line < lines; line++) {
    for (let column = 0; column < columns; column++) {
      storeLanes(dx, f32x4.add(loadLanes(dx, count), d), count);
      dx = f32At(dx, channels);
    }
    dx = f32AtRow(dx, width - columns, channels, 0);
  }
}

// swap_axes: y[r,j,i] = x[r,i,j]
//   x [rows,A,B]  y [rows,B,A], apart from x, 4-byte words of any kind      twin swapAxes
export function swap_axes(x: usize, y: usize, rows: i32, a: i32, b: i32): void {
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < b; j++) {
      for (let i = 0; i < a; i++) {
        i32.store(y, i32.load(f32AtRow(x, i, b, j)));
        y = i32At(y, 1);
      }
    }
    x = f32AtRow(x, a, b, 0);
  }
}
