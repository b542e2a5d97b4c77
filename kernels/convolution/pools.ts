// Pools of pictures, channels last, and the turn of a picture's axes. All f32, 4-byte aligned; windows have a tap inside the picture.
import { loadLanes, storeLanes } from '../vector/lanes';
import { f32At, f32AtRow, i32At } from '../vector/pointer';

/** The part of a window that lies inside the picture along one axis: taps first..end-1. */
// @ts-ignore: decorator
@inline
function firstTap(place: i32): i32 {
  return max(0, -place);
}

// @ts-ignore: decorator
@inline
function endTap(place: i32, kernel: i32, extent: i32): i32 {
  return min(kernel, extent - place);
}

// max_pool_forward: y = the maximum of every window
//   x [B,H,W,C]  y [B,outH,outW,C]  index i32 like y: the maximum's pixel h W + w, or 0 for not wanted; dilation 1
//   order   taps in scan order; the first of equal ones stays, the first NaN wins. Taps outside the picture take no part
//   twin    maxPoolForward      source  https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
export function max_pool_forward(
  x: usize, y: usize, index: usize, rows: i32,
  height: i32, width: i32, channels: i32, kernel_h: i32, kernel_w: i32, stride_h: i32, stride_w: i32, dilation_h: i32, dilation_w: i32,
  pad_top: i32, pad_left: i32, out_height: i32, out_width: i32,
): void {
  let place = 0;
  for (let r = 0; r < rows; r++) {
    const picture = f32AtRow(x, r * height, width * channels, 0);
    for (let oy = 0; oy < out_height; oy++) {
      const top = oy * stride_h - pad_top, y0 = top + firstTap(top), yEnd = top + endTap(top, kernel_h, height);
      for (let ox = 0; ox < out_width; ox++, place++) {
        const left = ox * stride_w - pad_left, x0 = left + firstTap(left), xEnd = left + endTap(left, kernel_w, width);
        const at = f32AtRow(0, place, channels, 0);
        let c = 0;
        for (; c + 4 <= channels; c += 4) largestOf(f32At(picture, c), width, channels, y0, yEnd, x0, xEnd, f32At(y + at, c), index ? f32At(index + at, c) : 0, 4);
        if (c < channels) largestOf(f32At(picture, c), width, channels, y0, yEnd, x0, xEnd, f32At(y + at, c), index ? f32At(index + at, c) : 0, channels - c);
      }
    }
  }
}

/** `count` channels of one window. */
// @ts-ignore: decorator
@inline
function largestOf(
  x: usize, width: i32, channels: i32, y0: i32, yEnd: i32, x0: i32, xEnd: i32, y: usize, index: usize, count: i32,
): void {
  let best = loadLanes(f32AtRow(x, y0 * width + x0, channels, 0), count), at = i32x4.splat(y0 * width + x0);
  for (let h = y0; h < yEnd; h++) {
    for (let w = x0; w < xEnd; w++) {
      const v = loadLanes(f32AtRow(x, h * width + w, channels, 0), count);
      // best is a number and v is larger or none
      const takes = v128.and(v128.not(f32x4.ge(best, v)), f32x4.eq(best, best));
      best = v128.bitselect(v, best, takes);
      at = v128.bitselect(i32x4.splat(h * width + w), at, takes);
    }
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
    const picture = f32AtRow(x, r * height, width * channels, 0);
    for (let oy = 0; oy < out_height; oy++) {
      const top = oy * stride_h - pad_top, y0 = top + firstTap(top), yEnd = top + endTap(top, kernel_h, height);
      for (let ox = 0; ox < out_width; ox++) {
        const left = ox * stride_w - pad_left, x0 = left + firstTap(left), xEnd = left + endTap(left, kernel_w, width);
        for (let c = 0; c < channels; c += 4) {
          const count = min(4, channels - c);
          let sum = f32x4.splat(0);
          for (let h = y0; h < yEnd; h++) {
            for (let w = x0; w < xEnd; w++) sum = f32x4.add(sum, loadLanes(f32AtRow(picture, h * width + w, channels, c), count));
          }
          storeLanes(f32At(y, c), f32x4.div(sum, area), count);
        }
        y = f32At(y, channels);
      }
    }
  }
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
    const picture = f32AtRow(dx, r * height, width * channels, 0);
    for (let oy = 0; oy < out_height; oy++) {
      const top = oy * stride_h - pad_top, y0 = top + firstTap(top), yEnd = top + endTap(top, kernel_h, height);
      for (let ox = 0; ox < out_width; ox++) {
        const left = ox * stride_w - pad_left, x0 = left + firstTap(left), xEnd = left + endTap(left, kernel_w, width);
        for (let c = 0; c < channels; c += 4) {
          const count = min(4, channels - c), d = f32x4.div(loadLanes(f32At(dy, c), count), area);
          for (let h = y0; h < yEnd; h++) {
            for (let w = x0; w < xEnd; w++) {
              const p = f32AtRow(picture, h * width + w, channels, c);
              storeLanes(p, f32x4.add(loadLanes(p, count), d), count);
            }
          }
        }
        dy = f32At(dy, channels);
      }
    }
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
