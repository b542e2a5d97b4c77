// Packing: operands copied into panels that a tile reads front to back. Panels of `columns` < 8 (12) are filled the way tile.ts
// stores them: the last vector starts at columns - 4; fewer than 4 columns are padded with zeros.
import { loadTail } from '../vector/lanes';
import { f32At, f32AtRow } from '../vector/pointer';

/**
 * Floats per k of the panel that starts where `remaining` columns are left: 12 where that saves most of a panel of 8, or, for panels that
 * are packed anyway, where it does not leave a nearly empty one.
 */
// @ts-ignore: decorator
@inline
export function panelWidth(remaining: i32, packs: bool): i32 {
  return (remaining > 8 && remaining <= 12) || (packs && remaining > 16) ? 12 : 8;
}

/** out[k,8] = k rows of 1..8 columns, `stride` bytes apart. */
export function packPanel8(source: usize, stride: usize, columns: i32, k: i32, out: usize): void {
  if (columns < 4) {
    for (; k > 0; k--) {
      v128.store(out, loadTail(source, columns));
      v128.store(out, f32x4.splat(0), 16);
      source += stride;
      out = f32At(out, 8);
    }
    return;
  }
  let second = f32At(source, columns - 4);
  for (; k > 0; k--) {
    v128.store(out, v128.load(source));
    v128.store(out, v128.load(second), 16);
    source += stride;
    second += stride;
    out = f32At(out, 8);
  }
}

/** out[k,12] = k rows of 9..12 columns. */
export function packPanel12(source: usize, stride: usize, columns: i32, k: i32, out: usize): void {
  let third = f32At(source, columns - 4);
  for (; k > 0; k--) {
    v128.store(out, v128.load(source));
    v128.store(out, v128.load(source, 16), 16);
    v128.store(out, v128.load(third), 32);
    source += stride;
    third += stride;
    out = f32At(out, 12);
  }
}

/** out[k,4] = k rows of `columns` 1..4, padded with zeros. */
export function packPanel4(source: usize, stride: usize, columns: i32, k: i32, out: usize): void {
  for (; k > 0; k--) {
    v128.store(out, columns == 4 ? v128.load(source) : loadTail(source, columns));
    source += stride;
    out = f32At(out, 4);
  }
}

/** Four panels out[4][k,4] of 16 columns in one pass: a cache line of every row is visited once. */
export function packPanels4x4(source: usize, stride: usize, k: i32, out: usize): void {
  let out1 = f32AtRow(out, k, 4, 0), out2 = f32AtRow(out1, k, 4, 0), out3 = f32AtRow(out2, k, 4, 0);
  for (; k > 0; k--) {
    v128.store(out, v128.load(source));
    v128.store(out1, v128.load(source, 16));
    v128.store(out2, v128.load(source, 32));
    v128.store(out3, v128.load(source, 48));
    source += stride;
    out = f32At(out, 4);
    out1 = f32At(out1, 4);
    out2 = f32At(out2, 4);
    out3 = f32At(out3, 4);
  }
}

/** Four floats at the same place of four rows -> out[k..k+3, 4 of 8]. */
// @ts-ignore: decorator
@inline
function transpose4(r0: usize, r1: usize, r2: usize, r3: usize, out: usize): void {
  const a = v128.load(r0), b = v128.load(r1), c = v128.load(r2), d = v128.load(r3);
  const p = v128.shuffle<i32>(a, b, 0, 4, 1, 5), q = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  v128.store(out, v128.shuffle<i64>(p, q, 0, 2));
  v128.store(out, v128.shuffle<i64>(p, q, 1, 3), 32);
  const s = v128.shuffle<i32>(a, b, 2, 6, 3, 7), t = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<i64>(s, t, 0, 2), 64);
  v128.store(out, v128.shuffle<i64>(s, t, 1, 3), 96);
}

/** Four rows transposed into one half of a panel: out[k,4 of 8] = rows[4,k]^T; of `rows` < 4 the last is repeated. */
function packRows4(source: usize, stride: usize, rows: i32, k: i32, out: usize): void {
  let r0 = source;
  let r1 = rows > 1 ? r0 + stride : r0;
  let r2 = rows > 2 ? r1 + stride : r1;
  let r3 = rows > 3 ? r2 + stride : r2;
  for (; k >= 4; k -= 4) {
    transpose4(r0, r1, r2, r3, out);
    r0 = f32At(r0, 4);
    r1 = f32At(r1, 4);
    r2 = f32At(r2, 4);
    r3 = f32At(r3, 4);
    out = f32At(out, 32);
  }
  for (; k > 0; k--) {
    f32.store(out, f32.load(r0));
    f32.store(out, f32.load(r1), 4);
    f32.store(out, f32.load(r2), 8);
    f32.store(out, f32.load(r3), 12);
    r0 = f32At(r0, 1);
    r1 = f32At(r1, 1);
    r2 = f32At(r2, 1);
    r3 = f32At(r3, 1);
    out = f32At(out, 8);
  }
}

/** out[k,8] = rows[8,k]^T; of `rows` < 8 the last is repeated. */
export function packRows8(source: usize, stride: usize, rows: i32, k: i32, out: usize): void {
  packRows4(source, stride, rows, k, out);
  if (rows > 4) {
    for (let i = 0; i < 4; i++) source += stride;
    packRows4(source, stride, rows - 4, k, f32At(out, 4));
  } else {
    for (let i = 1; i < rows; i++) source += stride;
    packRows4(source, stride, 1, k, f32At(out, 4));
  }
}
