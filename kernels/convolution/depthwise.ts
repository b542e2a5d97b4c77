// Convolutions of one channel and one filter a group: no product of matrices, but channels side by side in vectors.
import { loadLanes, madd, storeLanes } from '../vector/lanes';
import { f32At, f32AtRow, i32At, strideOf } from '../vector/pointer';
import { activate } from '../products/tile';

/**
 * y[to[p], c] = act(sum over k of a[from[p] + taps[k], c] w[k, c] + bias[c]) for `count` pixels: what gatherProducts is for filters that see
 * every channel, in the same order.
 */
export function depthwiseProducts(
  a: usize, from: usize, count: i32, taps: usize, k: i32, w: usize, channels: i32,
  y: usize, to: usize, bias: usize, activation: i32, slope: f32,
): void {
  for (let p = 0; p < count; p++) {
    const pixel = a + <usize>i32.load(i32At(from, p)), out = y + <usize>i32.load(i32At(to, p));
    let c = 0;
    for (; c + 16 <= channels; c += 16) {
      let c0 = f32x4.splat(0), c1 = f32x4.splat(0), c2 = f32x4.splat(0), c3 = f32x4.splat(0);
      let tap = taps, weights = f32At(w, c);
      for (let i = 0; i < k; i++) {
        const x = f32At(pixel, c) + <usize>i32.load(tap);
        c0 = madd(v128.load(x), v128.load(weights), c0);
        c1 = madd(v128.load(x, 16), v128.load(weights, 16), c1);
        c2 = madd(v128.load(x, 32), v128.load(weights, 32), c2);
        c3 = madd(v128.load(x, 48), v128.load(weights, 48), c3);
        tap = i32At(tap, 1);
        weights += strideOf(channels);
      }
      finish(out, bias, c, c0, activation, slope, 4);
      finish(out, bias, c + 4, c1, activation, slope, 4);
      finish(out, bias, c + 8, c2, activation, slope, 4);
      finish(out, bias, c + 12, c3, activation, slope, 4);
    }
    for (; c < channels; c += 4) {
      const lanes = min(4, channels - c);
      let sum = f32x4.splat(0);
      for (let i = 0; i < k; i++) {
        const x = f32At(pixel, c) + <usize>i32.load(i32At(taps, i));
        sum = madd(loadLanes(x, lanes), loadLanes(f32AtRow(w, i, channels, c), lanes), sum);
      }
      finish(out, bias, c, sum, activation, slope, lanes);
    }
  }
}

// @ts-ignore: decorator
@inline
function finish(y: usize, bias: usize, c: i32, sum: v128, activation: i32, slope: f32, lanes: i32): void {
  const added = f32x4.add(sum, bias ? loadLanes(f32At(bias, c), lanes) : f32x4.splat(0));
  storeLanes(f32At(y, c), activate(added, activation, slope), lanes);
}

/** sum[k, c] += x[from[p] + taps[k], c] dz[p, c] over `count` pixels in order. */
export function addDepthwise(x: usize, from: usize, count: i32, taps: usize, k: i32, dz: usize, channels: i32, sum: usize): void {
  for (let c = 0; c < channels; ) {
    const lanes = channels - c >= 16 ? 16 : min(4, channels - c);
    for (let i = 0; i < k; i++) {
      const tap = f32At(x, c) + <usize>i32.load(i32At(taps, i)), to = f32AtRow(sum, i, channels, c);
      if (lanes == 16) addPixels16(tap, from, count, f32At(dz, c), strideOf(channels), to);
      else addPixels4(tap, from, count, f32At(dz, c), strideOf(channels), to, lanes);
    }
    c += lanes;
  }
}

function addPixels16(x: usize, from: usize, count: i32, dz: usize, stride: usize, sum: usize): void {
  let c0 = v128.load(sum), c1 = v128.load(sum, 16), c2 = v128.load(sum, 32), c3 = v128.load(sum, 48);
  for (; count > 0; count--) {
    const p = x + <usize>i32.load(from);
    c0 = madd(v128.load(p), v128.load(dz), c0);
    c1 = madd(v128.load(p, 16), v128.load(dz, 16), c1);
    c2 = madd(v128.load(p, 32), v128.load(dz, 32), c2);
    c3 = madd(v128.load(p, 48), v128.load(dz, 48), c3);
    from = i32At(from, 1);
    dz += stride;
  }
  v128.store(sum, c0);
  v128.store(sum, c1, 16);
  v128.store(sum, c2, 32);
  v128.store(sum, c3, 48);
}

function addPixels4(x: usize, from: usize, count: i32, dz: usize, stride: usize, sum: usize, lanes: i32): void {
  let c = loadLanes(sum, lanes);
  for (; count > 0; count--) {
    c = madd(loadLanes(x + <usize>i32.load(from), lanes), loadLanes(dz, lanes), c);
    from = i32At(from, 1);
    dz += stride;
  }
  storeLanes(sum, c, lanes);
}
