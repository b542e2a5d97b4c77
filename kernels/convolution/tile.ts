// Register tiles of a convolution: rows of a are pixels, whose values for tap k lie at an offset that a table tells. So one flat loop over k
// serves every window, and neighbouring pixels of any two lines share a tile.
//   order   every element is one sum over k, from +0, multiply then add: the tile's shape never shows in the bits
//   A tile is left in a buffer: with the epilogue in the same function V8 spills accumulators in the loop (kernels/README.md).
import { loadLanes, loadTail, madd, storeLanes } from '../vector/lanes';
import { f32At, f32AtRow, i32At } from '../vector/pointer';
import { panelWidth } from '../products/pack';
import { activate } from '../products/tile';

/** buffer[4,8] = sum over k of a[4, taps[k]] b[k,8], b packed. */
export function gatherTile4x8(a0: usize, a1: usize, a2: usize, a3: usize, taps: usize, b: usize, k: i32, buffer: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  for (; k > 0; k--) {
    const at = <usize>i32.load(taps);
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const s0 = v128.load32_splat(a0 + at);
    c00 = madd(s0, b0, c00);
    c01 = madd(s0, b1, c01);
    const s1 = v128.load32_splat(a1 + at);
    c10 = madd(s1, b0, c10);
    c11 = madd(s1, b1, c11);
    const s2 = v128.load32_splat(a2 + at);
    c20 = madd(s2, b0, c20);
    c21 = madd(s2, b1, c21);
    const s3 = v128.load32_splat(a3 + at);
    c30 = madd(s3, b0, c30);
    c31 = madd(s3, b1, c31);
    taps = i32At(taps, 1);
    b = f32At(b, 8);
  }
  v128.store(buffer, c00);
  v128.store(buffer, c01, 16);
  v128.store(buffer, c10, 32);
  v128.store(buffer, c11, 48);
  v128.store(buffer, c20, 64);
  v128.store(buffer, c21, 80);
  v128.store(buffer, c30, 96);
  v128.store(buffer, c31, 112);
}

/** buffer[3,12] = sum over k of a[3, taps[k]] b[k,12], b packed. */
export function gatherTile3x12(a0: usize, a1: usize, a2: usize, taps: usize, b: usize, k: i32, buffer: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c22 = f32x4.splat(0);
  for (; k > 0; k--) {
    const at = <usize>i32.load(taps);
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32);
    const s0 = v128.load32_splat(a0 + at);
    c00 = madd(s0, b0, c00);
    c01 = madd(s0, b1, c01);
    c02 = madd(s0, b2, c02);
    const s1 = v128.load32_splat(a1 + at);
    c10 = madd(s1, b0, c10);
    c11 = madd(s1, b1, c11);
    c12 = madd(s1, b2, c12);
    const s2 = v128.load32_splat(a2 + at);
    c20 = madd(s2, b0, c20);
    c21 = madd(s2, b1, c21);
    c22 = madd(s2, b2, c22);
    taps = i32At(taps, 1);
    b = f32At(b, 12);
  }
  v128.store(buffer, c00);
  v128.store(buffer, c01, 16);
  v128.store(buffer, c02, 32);
  v128.store(buffer, c10, 48);
  v128.store(buffer, c11, 64);
  v128.store(buffer, c12, 80);
  v128.store(buffer, c20, 96);
  v128.store(buffer, c21, 112);
  v128.store(buffer, c22, 128);
}

/** y[to[row], columns] = act(buffer[rows, width] + bias). */
function finishTile(
  buffer: usize, width: i32, rows: i32, y: usize, to: usize, columns: i32, bias: usize, activation: i32, slope: f32,
): void {
  if (columns == width) { // most are full, and short depths spend as long here as in the loop
    const none = f32x4.splat(0), bias0 = bias ? v128.load(bias) : none, bias1 = bias ? v128.load(bias, 16) : none;
    const bias2 = bias && width == 12 ? v128.load(bias, 32) : none;
    for (; rows > 0; rows--) {
      const out = y + <usize>i32.load(to);
      v128.store(out, activate(f32x4.add(v128.load(buffer), bias0), activation, slope));
      v128.store(out, activate(f32x4.add(v128.load(buffer, 16), bias1), activation, slope), 16);
      if (width == 12) v128.store(out, activate(f32x4.add(v128.load(buffer, 32), bias2), activation, slope), 32);
      buffer = f32At(buffer, width);
      to = i32At(to, 1);
    }
    return;
  }
  for (; rows > 0; rows--) {
    const out = y + <usize>i32.load(to);
    for (let c = 0; c < columns; c += 4) {
      const count = min(4, columns - c);
      const sum = f32x4.add(v128.load(f32At(buffer, c)), bias ? loadLanes(f32At(bias, c), count) : f32x4.splat(0));
      storeLanes(f32At(out, c), activate(sum, activation, slope), count);
    }
    buffer = f32At(buffer, width);
    to = i32At(to, 1);
  }
}

// @ts-ignore: decorator
@inline
function pixelAt(a: usize, from: usize, p: i32): usize {
  return a + <usize>i32.load(i32At(from, p));
}

/**
 * y[to[p], c] = act(sum over k of a[from[p] + taps[k]] panel[k, c] + bias[c]) for `count` pixels and the columns first..end-1.
 * Columns come in groups of `outer`, that read `inner` floats further on each; no panel reaches into the next group.
 *
 * @param buffer  a tile, TILE_FLOATS
 */
export function gatherProducts(
  a: usize, from: usize, count: i32, taps: usize, k: i32, inner: i32, outer: i32, panels: usize, first: i32, end: i32,
  y: usize, to: usize, bias: usize, activation: i32, slope: f32, buffer: usize,
): void {
  let panel = panels;
  for (let c = first; c < end; ) {
    const remaining = outer - c % outer, width = panelWidth(remaining, true), columns = min(width, remaining);
    const base = f32At(a, c / outer * inner), biasPanel = bias ? f32At(bias, c) : 0, out = f32At(y, c);
    let p = 0;
    if (width == 12) {
      for (; p + 3 <= count; p += 3) {
        gatherTile3x12(pixelAt(base, from, p), pixelAt(base, from, p + 1), pixelAt(base, from, p + 2), taps, panel, k, buffer);
        finishTile(buffer, 12, 3, out, i32At(to, p), columns, biasPanel, activation, slope);
      }
      if (p < count) { // the second call keeps asc from inlining the tile here, where V8 would spill
        const a0 = pixelAt(base, from, p), a1 = pixelAt(base, from, count - 1);
        gatherTile3x12(a0, a1, a1, taps, panel, k, buffer);
        finishTile(buffer, 12, count - p, out, i32At(to, p), columns, biasPanel, activation, slope);
      }
    } else {
      for (; p + 4 <= count; p += 4) {
        const a2 = pixelAt(base, from, p + 2), a3 = pixelAt(base, from, p + 3);
        gatherTile4x8(pixelAt(base, from, p), pixelAt(base, from, p + 1), a2, a3, taps, panel, k, buffer);
        finishTile(buffer, 8, 4, out, i32At(to, p), columns, biasPanel, activation, slope);
      }
      if (p < count) {
        const a1 = pixelAt(base, from, min(p + 1, count - 1)), a2 = pixelAt(base, from, count - 1);
        gatherTile4x8(pixelAt(base, from, p), a1, a2, a2, taps, panel, k, buffer);
        finishTile(buffer, 8, count - p, out, i32At(to, p), columns, biasPanel, activation, slope);
      }
    }
    panel = f32AtRow(panel, k, width, 0);
    c += columns;
  }
}

/** out[k,width] = k rows of `columns` floats, `stride` bytes apart, padded with zeros. */
export function packColumns(source: usize, stride: usize, columns: i32, width: i32, k: i32, out: usize): void {
  for (; k > 0; k--) {
    for (let c = 0; c < width; c += 4) {
      const count = columns - c;
      v128.store(f32At(out, c), count >= 4 ? v128.load(f32At(source, c)) : count > 0 ? loadTail(f32At(source, c), count) : f32x4.splat(0));
    }
    source += stride;
    out = f32At(out, width);
  }
}
