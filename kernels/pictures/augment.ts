// Pictures changed at random on their way into a batch: what is random comes from outside, as numbers or as a stream of words.
import { words } from '../vector/philox';
import { f32At } from '../vector/pointer';

// displacement: to = how far each pixel's source is moved in one direction: uniform noise in [-amount, amount), smoothed along both axes
//   to, work f32[H,W], apart  weights f32[2 R + 1]: of a pixel's neighbours from -R to R  stream u32[4]: key0, key1, number0, number1
//   order   pixel i has word first + i of the stream, as a signed number times amount 2^-31; columns are smoothed first, then rows; each
//           sum runs from the first neighbour to the last inside the picture: multiply, then add; beyond the edge is 0
//   twin    displacement      source  Simard, Steinkraus, Platt, "Best practices for convolutional neural networks", ICDAR 2003
export function displacement(to: usize, work: usize, H: i32, W: i32, weights: usize, R: i32, amount: f32, first: i32, stream: usize): void {
  const n = H * W, unit = amount * <f32>4.656612873077393e-10;
  words(to, n, <u32>first, stream);
  for (let i = 0; i < n; i++) f32.store(f32At(to, i), <f32>i32.load(f32At(to, i)) * unit);
  smoothColumns(to, work, H, W, weights, R);
  smoothColumns(work, to, W, H, weights, R);
}

/** to[W,H] = the transpose of from[H,W], each value with its neighbours in the column. */
function smoothColumns(from: usize, to: usize, H: i32, W: i32, weights: usize, R: i32): void {
  for (let y = 0; y < H; y++) {
    const least = max(0, y - R), most = min(H - 1, y + R);
    let x = 0;
    for (; x + 16 <= W; x += 16) { // four sums, which hide each other's latency
      let a = f32x4.splat(0), b = a, c = a, d = a;
      for (let k = least; k <= most; k++) {
        const weight = f32x4.splat(f32.load(f32At(weights, k - y + R))), p = f32At(from, k * W + x);
        a = f32x4.add(a, f32x4.mul(weight, v128.load(p)));
        b = f32x4.add(b, f32x4.mul(weight, v128.load(p, 16)));
        c = f32x4.add(c, f32x4.mul(weight, v128.load(p, 32)));
        d = f32x4.add(d, f32x4.mul(weight, v128.load(p, 48)));
      }
      storeColumn(to, x, y, H, a);
      storeColumn(to, x + 4, y, H, b);
      storeColumn(to, x + 8, y, H, c);
      storeColumn(to, x + 12, y, H, d);
    }
    for (; x + 4 <= W; x += 4) {
      let sum = f32x4.splat(0);
      for (let k = least; k <= most; k++) {
        sum = f32x4.add(sum, f32x4.mul(f32x4.splat(f32.load(f32At(weights, k - y + R))), v128.load(f32At(from, k * W + x))));
      }
      storeColumn(to, x, y, H, sum);
    }
    for (; x < W; x++) {
      let sum: f32 = 0;
      for (let k = least; k <= most; k++) sum += f32.load(f32At(weights, k - y + R)) * f32.load(f32At(from, k * W + x));
      f32.store(f32At(to, x * H + y), sum);
    }
  }
}

// @ts-ignore: decorator
@inline
function storeColumn(to: usize, x: i32, y: i32, H: i32, v: v128): void {
  v128.store_lane<f32>(f32At(to, x * H + y), v, 0);
  v128.store_lane<f32>(f32At(to, (x + 1) * H + y), v, 1);
  v128.store_lane<f32>(f32At(to, (x + 2) * H + y), v, 2);
  v128.store_lane<f32>(f32At(to, (x + 3) * H + y), v, 3);
}

// warp: to[c,y,x] = from[c] at the source of pixel (x, y), between its four neighbours; beyond the edge is 0
//   from, to f32[C,H,W], apart  map f64[6]: source x = map[0] x + map[1] y + map[2], source y = map[3] x + map[4] y + map[5]
//   moved f32[2,H,W]: added to them, or 0 for none
//   order   places in f64: map[0] x + (map[1] y + map[2]), then what is added; shares in f32: a + share (b - a), along x, then along y
//           so a source that falls on a pixel has its very value
//   twin    warp
export function warp(from: usize, to: usize, C: i32, H: i32, W: i32, map: usize, moved: usize): void {
  const n = H * W;
  const xx = f64.load(map), xy = f64.load(map, 8), x0 = f64.load(map, 16);
  const yx = f64.load(map, 24), yy = f64.load(map, 32), y0 = f64.load(map, 40);
  for (let y = 0; y < H; y++) {
    const rowX = xy * <f64>y + x0, rowY = yy * <f64>y + y0;
    for (let x = 0; x < W; x++) {
      const i = y * W + x;
      let sx = xx * <f64>x + rowX, sy = yx * <f64>x + rowY;
      if (moved != 0) {
        sx += <f64>f32.load(f32At(moved, i));
        sy += <f64>f32.load(f32At(moved, n + i));
      }
      const left = Math.floor(sx), above = Math.floor(sy);
      const isNear = left >= -1 && left < <f64>W && above >= -1 && above < <f64>H;
      if (!isNear) {
        for (let c = 0; c < C; c++) f32.store(f32At(to, c * n + i), 0);
        continue;
      }
      const ix = <i32>left, iy = <i32>above;
      const ax = <f32>(sx - left), ay = <f32>(sy - above);
      const isInside = ix >= 0 && ix + 1 < W && iy >= 0 && iy + 1 < H;
      for (let c = 0; c < C; c++) {
        const plane = f32At(from, c * n);
        if (isInside) {
          const p = f32At(plane, iy * W + ix), q = f32At(p, W);
          f32.store(f32At(to, c * n + i), between(between(f32.load(p), f32.load(p, 4), ax), between(f32.load(q), f32.load(q, 4), ax), ay));
          continue;
        }
        const top = between(pixel(plane, ix, iy, H, W), pixel(plane, ix + 1, iy, H, W), ax);
        const bottom = between(pixel(plane, ix, iy + 1, H, W), pixel(plane, ix + 1, iy + 1, H, W), ax);
        f32.store(f32At(to, c * n + i), between(top, bottom, ay));
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function pixel(plane: usize, x: i32, y: i32, H: i32, W: i32): f32 {
  return <u32>x < <u32>W && <u32>y < <u32>H ? f32.load(f32At(plane, y * W + x)) : 0;
}

// @ts-ignore: decorator
@inline
function between(a: f32, b: f32, share: f32): f32 {
  return a + share * (b - a);
}

// clamp: a = min(max(a, low), high), n floats
//   NaN     kept      twin clamp
export function clamp(a: usize, n: i32, low: f32, high: f32): void {
  for (let i = 0; i < n; i++) f32.store(f32At(a, i), min(max(f32.load(f32At(a, i)), low), high));
}
