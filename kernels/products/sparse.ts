// Products that skip the zeros of x: the first layer's, whose inputs are mostly zero (pixels, counts, one-hot columns).
// For finite w and dz they have the bits of dense_forward and dense_weight_gradient: a running sum starts at +0 and never becomes -0
// (a sum of two numbers is -0 only if both are), so adding the +-0 of x * 0 leaves it as it is, and so does adding a leaf of +0.
// Where w or dz is infinite or NaN the dense kernels give NaN and these may not: the caller sees to it (src/engine/rank/skip.ts).
//   zero    +0 and -0; a NaN of x is not zero and shows
import { loadLanes, loadTail, madd, storeTail } from '../vector/lanes';
import { f32At, f32AtRow, i32At, strideOf } from '../vector/pointer';
import { activate } from './tile';

/** Bytes of the table of positions: an i32x4 for each of the 16 masks of four lanes. */
const TABLE_BYTES: usize = 256;
/** Columns of one forward tile: four accumulators, and one cache line of w. */
const TILE: i32 = 16;
const PANEL_STRIDE: usize = 64;
/** Floats of packed panels kept at a time: half of a 1 MiB L2. */
const PANEL_FLOATS: i32 = 131072;
/** Floats of x visited by all tiles before the next rows come. */
const ROW_FLOATS: i32 = 65536;
/** Below so many rows copying w costs more than reading it in place. */
const PACK_ROWS: i32 = 48;

/** i32 of a row's list: the count, the columns, and room for the vector store of the last ones. Mirrored by listWords (src/kernels/kernels.ts). */
// @ts-ignore: decorator
@inline
function listWords(k: i32): i32 {
  return k + 4;
}

/** Entry m holds the positions of the set bits of m, in order; what follows them is never counted. */
function writeTable(table: usize): void {
  for (let mask = 0; mask < 16; mask++) {
    let entry = table + ((<usize>mask) << 4);
    v128.store(entry, i32x4.splat(0));
    for (let rest = mask; rest; rest &= rest - 1) {
      i32.store(entry, ctz(rest));
      entry = i32At(entry, 1);
    }
  }
}

/** Writes the columns of four lanes that are set in `mask`; returns where the next ones go. */
// @ts-ignore: decorator
@inline
function append(list: usize, mask: i32, column: i32, table: usize): usize {
  v128.store(list, i32x4.add(v128.load(table + ((<usize>mask) << 4)), i32x4.splat(column)));
  return i32At(list, popcnt(mask));
}

// list_nonzeros: the columns of every row of x that are not zero
//   x [M,K] f32  lists i32 [M,K+4], 4-byte aligned: of each row the count, then the columns in order, then anything; any M, K
//   scratch 64 floats                            twin nonzeros
export function list_nonzeros(x: usize, lists: usize, m: i32, k: i32, scratch: usize): void {
  const zero = f32x4.splat(0);
  writeTable(scratch);
  for (; m > 0; m--) {
    const first = i32At(lists, 1);
    let next = first;
    let j = 0;
    for (; j + 16 <= k; j += 16) {
      const p = f32At(x, j);
      const v0 = f32x4.ne(v128.load(p), zero), v1 = f32x4.ne(v128.load(p, 16), zero);
      const v2 = f32x4.ne(v128.load(p, 32), zero), v3 = f32x4.ne(v128.load(p, 48), zero);
      if (!v128.any_true(v128.or(v128.or(v0, v1), v128.or(v2, v3)))) continue;
      next = append(next, i32x4.bitmask(v0), j, scratch);
      next = append(next, i32x4.bitmask(v1), j + 4, scratch);
      next = append(next, i32x4.bitmask(v2), j + 8, scratch);
      next = append(next, i32x4.bitmask(v3), j + 12, scratch);
    }
    for (; j < k; j += 4) {
      next = append(next, i32x4.bitmask(f32x4.ne(loadLanes(f32At(x, j), min(4, k - j)), zero)), j, scratch);
    }
    i32.store(lists, <i32>((next - first) >> 2));
    x = f32At(x, k);
    lists = i32At(lists, listWords(k));
  }
}

/** out[k,16] = k rows of 16 columns: in place, rows of w a power of two apart would share a few cache sets. */
function packPanel16(source: usize, stride: usize, k: i32, out: usize): void {
  for (; k > 0; k--) {
    v128.store(out, v128.load(source));
    v128.store(out, v128.load(source, 16), 16);
    v128.store(out, v128.load(source, 32), 32);
    v128.store(out, v128.load(source, 48), 48);
    source += stride;
    out = f32At(out, TILE);
  }
}

/** y[16] = act(sum of x[k] w[k,16] over the listed k + bias); rows of w `stride` bytes apart. */
function sparseTile1x16(
  x: usize, list: usize, w: usize, stride: usize, y: usize, bias: usize, activation: i32, slope: f32,
): void {
  let c0 = f32x4.splat(0), c1 = f32x4.splat(0), c2 = f32x4.splat(0), c3 = f32x4.splat(0);
  for (let count = i32.load(list); count > 0; count--) {
    list = i32At(list, 1);
    const k = i32.load(list);
    const s = v128.load32_splat(f32At(x, k));
    const b = w + (<usize>k) * stride;
    c0 = madd(s, v128.load(b), c0);
    c1 = madd(s, v128.load(b, 16), c1);
    c2 = madd(s, v128.load(b, 32), c2);
    c3 = madd(s, v128.load(b, 48), c3);
  }
  if (bias) {
    c0 = f32x4.add(c0, v128.load(bias));
    c1 = f32x4.add(c1, v128.load(bias, 16));
    c2 = f32x4.add(c2, v128.load(bias, 32));
    c3 = f32x4.add(c3, v128.load(bias, 48));
  }
  v128.store(y, activate(c0, activation, slope));
  v128.store(y, activate(c1, activation, slope), 16);
  v128.store(y, activate(c2, activation, slope), 32);
  v128.store(y, activate(c3, activation, slope), 48);
}

/** The same for 1..4 columns: layers narrower than a tile. */
function sparseTile1x4(
  x: usize, list: usize, w: usize, stride: usize, columns: i32, y: usize, bias: usize, activation: i32, slope: f32,
): void {
  let c = f32x4.splat(0);
  for (let count = i32.load(list); count > 0; count--) {
    list = i32At(list, 1);
    const k = i32.load(list);
    const b = w + (<usize>k) * stride;
    c = madd(v128.load32_splat(f32At(x, k)), columns == 4 ? v128.load(b) : loadTail(b, columns), c);
  }
  if (bias) c = f32x4.add(c, loadLanes(bias, columns));
  c = activate(c, activation, slope);
  if (columns == 4) v128.store(y, c);
  else storeTail(y, c, columns);
}

// sparse_forward: y = act(x w + bias), over the columns of x that are listed
//   as dense_forward; lists of list_nonzeros for the same x
//   order   k ascending from +0, multiply then add, then the bias      bits of dense_forward if w is finite
//   scratch scratchFloats(M, K, N, 1)            twin denseForward
export function sparse_forward(
  x: usize, lists: usize, w: usize, bias: usize, y: usize, m: i32, n: i32, k: i32, activation: i32, slope: f32, scratch: usize,
): void {
  if (n < TILE) {
    narrowForward(x, lists, w, bias, y, m, n, k, activation, slope);
    return;
  }
  const packs = m >= PACK_ROWS;
  const group = max(TILE, PANEL_FLOATS / max(k, 1) / TILE * TILE);
  const rowBlock = max(8, ROW_FLOATS / max(k, 1));
  for (let first = 0; first < n; first += group) {
    const end = min(n, first + group);
    if (packs) {
      let panel = scratch;
      for (let c = first; c < end; c += TILE) {
        packPanel16(f32At(w, min(c, n - TILE)), strideOf(n), k, panel);
        panel = f32AtRow(panel, k, TILE, 0);
      }
    }
    for (let r0 = 0; r0 < m; r0 += rowBlock) {
      const rEnd = min(m, r0 + rowBlock);
      let panel = scratch;
      for (let c = first; c < end; c += TILE) {
        const column = min(c, n - TILE); // the last tile overlaps the one before
        const b = packs ? panel : f32At(w, column), stride = packs ? PANEL_STRIDE : strideOf(n);
        for (let r = r0; r < rEnd; r++) {
          sparseTile1x16(f32AtRow(x, r, k, 0), f32AtRow(lists, r, listWords(k), 0), b, stride,
            f32AtRow(y, r, n, column), bias ? f32At(bias, column) : 0, activation, slope);
        }
        panel = f32AtRow(panel, k, TILE, 0);
      }
    }
  }
}

/** The same for layers narrower than a tile. */
function narrowForward(
  x: usize, lists: usize, w: usize, bias: usize, y: usize, m: i32, n: i32, k: i32, activation: i32, slope: f32,
): void {
  for (let c = 0; c < n; c += 4) {
    const column = max(0, min(c, n - 4)), columns = min(4, n);
    for (let r = 0; r < m; r++) {
      sparseTile1x4(f32AtRow(x, r, k, 0), f32AtRow(lists, r, listWords(k), 0), f32At(w, column), strideOf(n), columns,
        f32AtRow(y, r, n, column), bias ? f32At(bias, column) : 0, activation, slope);
    }
  }
}
