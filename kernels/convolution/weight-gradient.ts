// Gradients of a convolution's weights and bias: per leaf, then the pairwise tree over the leaves.
import { completedBy } from '../layers/norm-sums';
import { dense_bias_gradient } from '../products/gradient';
import { madd, storeTail } from '../vector/lanes';
import { f32At, f32AtRow, i32At, strideOf } from '../vector/pointer';
import { addDepthwise } from './depthwise';
import { copyLine, framePictures, PIXELS, picturesAtOnce, placeTable, reachOf } from './picture';
import { packColumns } from './tile';

/** Floats of dw summed at a time: they and the level of the tree below them stay in L2. */
const BLOCK_FLOATS: i32 = 65536;
/** Floats of packed dz kept at a time. */
const PANEL_FLOATS: i32 = 65536;
/** Floats of a tile: 4 taps by 8 filters. */
const TILE: i32 = 32;

/** Slabs of the tree over the leaves: a finished subtree for every bit of the last leaf's number, and the leaf at hand. */
// @ts-ignore: decorator
@inline
function slabsOf(leaves: i32): i32 {
  return 33 - clz(leaves - 1);
}

/** sum[4,8] += x[pixels,4]^T dz[pixels,8], both packed. */
function addTile4x8(x: usize, dz: usize, pixels: i32, sum: usize): void {
  let c00 = v128.load(sum), c01 = v128.load(sum, 16), c10 = v128.load(sum, 32), c11 = v128.load(sum, 48);
  let c20 = v128.load(sum, 64), c21 = v128.load(sum, 80), c30 = v128.load(sum, 96), c31 = v128.load(sum, 112);
  for (; pixels > 0; pixels--) {
    const b0 = v128.load(dz), b1 = v128.load(dz, 16);
    const s0 = v128.load32_splat(x);
    c00 = madd(s0, b0, c00);
    c01 = madd(s0, b1, c01);
    const s1 = v128.load32_splat(x, 4);
    c10 = madd(s1, b0, c10);
    c11 = madd(s1, b1, c11);
    const s2 = v128.load32_splat(x, 8);
    c20 = madd(s2, b0, c20);
    c21 = madd(s2, b1, c21);
    const s3 = v128.load32_splat(x, 12);
    c30 = madd(s3, b0, c30);
    c31 = madd(s3, b1, c31);
    x = f32At(x, 4);
    dz = f32At(dz, 8);
  }
  v128.store(sum, c00);
  v128.store(sum, c01, 16);
  v128.store(sum, c10, 32);
  v128.store(sum, c11, 48);
  v128.store(sum, c20, 64);
  v128.store(sum, c21, 80);
  v128.store(sum, c30, 96);
  v128.store(sum, c31, 112);
}

/** out[pixels,4] = what the taps first..first+3 see, of which the last of k is repeated. */
function packTaps(x: usize, from: usize, pixels: i32, taps: usize, first: i32, k: i32, out: usize): void {
  const o0 = <usize>i32.load(i32At(taps, first)), o1 = <usize>i32.load(i32At(taps, min(k - 1, first + 1)));
  const o2 = <usize>i32.load(i32At(taps, min(k - 1, first + 2))), o3 = <usize>i32.load(i32At(taps, min(k - 1, first + 3)));
  const areNeighbours = first + 4 <= k && o3 - o0 == 12; // offsets ascend
  for (; pixels > 0; pixels--) {
    const p = x + <usize>i32.load(from);
    if (areNeighbours) v128.store(out, v128.load(p + o0));
    else {
      f32.store(out, f32.load(p + o0));
      f32.store(out, f32.load(p + o1), 4);
      f32.store(out, f32.load(p + o2), 8);
      f32.store(out, f32.load(p + o3), 12);
    }
    from = i32At(from, 1);
    out = f32At(out, 4);
  }
}

/** left += right, n a multiple of 4. */
function addSlab(left: usize, right: usize, n: i32): void {
  for (; n > 0; n -= 4) {
    v128.store(left, f32x4.add(v128.load(left), v128.load(right)));
    left = f32At(left, 4);
    right = f32At(right, 4);
  }
}

/**
 * Adds the products of some pixels to the tiles first..end-1 of a slab. Tiles go through the taps of a group, then through the groups; a
 * tile's filters follow each other in panels of 8.
 */
function addProducts(
  x: usize, from: usize, pixels: i32, taps: usize, k: i32, inner: i32, dz: usize, outer: i32, filters: i32,
  first: i32, end: i32, slab: usize, xPanel: usize, dzPanels: usize,
): void {
  const tiles = (k + 3) / 4;
  for (let t = first, packed = -1; t < end; t++) {
    const group = t / tiles;
    if (group != packed) {
      for (let c = 0, panel = dzPanels; c < outer; c += 8, panel = f32AtRow(panel, pixels, 8, 0)) {
        packColumns(f32At(dz, group * outer + c), strideOf(filters), min(8, outer - c), 8, pixels, panel);
      }
      packed = group;
    }
    packTaps(f32At(x, group * inner), from, pixels, taps, t % tiles * 4, k, xPanel);
    for (let c = 0, panel = dzPanels; c < outer; c += 8) {
      addTile4x8(xPanel, panel, pixels, slab);
      slab = f32At(slab, TILE);
      panel = f32AtRow(panel, pixels, 8, 0);
    }
  }
}

/** dw[k,filters] from the tiles first..end-1 of a slab. */
function storeTiles(slab: usize, k: i32, outer: i32, filters: i32, first: i32, end: i32, dw: usize): void {
  const tiles = (k + 3) / 4;
  for (let t = first; t < end; t++) {
    const group = t / tiles, tap = t % tiles * 4;
    for (let c = 0; c < outer; c += 4) {
      // Panels of 8 columns: the second half of each row of a tile is 4 floats further on.
      const tile = f32AtRow(slab, c / 8, TILE, c & 4), count = min(4, outer - c);
      for (let i = 0; i < min(4, k - tap); i++) {
        const out = f32AtRow(dw, tap + i, filters, group * outer + c), v = v128.load(f32AtRow(tile, i, 8, 0));
        if (count == 4) v128.store(out, v);
        else storeTail(out, v, count);
      }
    }
    slab = f32AtRow(slab, (outer + 7) / 8, TILE, 0);
  }
}

// conv_weight_gradient: dw = what each tap saw times dz, summed over the outputs of every leaf, then over the leaves by the pairwise tree
//   x [B,H,W,C]  dz [B,outH,outW,F]  dw [kh,kw,C/groups,F], f32, 4-byte aligned; outputs, channels and filters >= 1
//   bounds i32[leaves+1] in rows, first 0, last B, not decreasing; leaves >= 1
//   order   leaf: rows, oy, ox ascending from +0, multiply then add, taps outside the picture as +0; tree as dense_weight_gradient
//   bound   |err| <= (rows of the largest leaf * outH outW + log2(leaves)) * 2^-24 * sum|x dz|
//   scratch convScratchFloats        twin convWeightGradient
export function conv_weight_gradient(
  x: usize, dz: usize, dw: usize, bounds: usize, leaves: i32,
  height: i32, width: i32, channels: i32, kernel_h: i32, kernel_w: i32, stride_h: i32, stride_w: i32, dilation_h: i32, dilation_w: i32,
  pad_top: i32, pad_left: i32, out_height: i32, out_width: i32,
  filters: i32, groups: i32, scratch: usize,
): void {
  const pixels = out_height * out_width, inner = channels / groups, outer = filters / groups, k = kernel_h * kernel_w * inner;
  const reachH = reachOf(out_height, stride_h, kernel_h, dilation_h), reachW = reachOf(out_width, stride_w, kernel_w, dilation_w);
  const isFramed = pad_top > 0 || pad_left > 0 || reachH > height || reachW > width;
  const lines = isFramed ? reachH : height, line = (isFramed ? reachW : width) * channels;
  const atOnce = picturesAtOnce(i32.load(i32At(bounds, leaves)), pixels, lines * line);
  const isDepthwise = inner == 1 && outer == 1;
  // One channel and one filter a group: a single tile is dw as it lies.
  const tileFloats = isDepthwise ? k * channels + 3 & ~3 : (outer + 7) / 8 * TILE;
  const tiles = isDepthwise ? 1 : groups * ((k + 3) / 4), most = max(1, min(tiles, BLOCK_FLOATS / tileFloats));
  const taps = scratch, from = i32At(taps, k), frames = i32At(from, atOnce * pixels);
  const together = min(PIXELS, max(64, PANEL_FLOATS / outer));
  const xPanel = isFramed ? f32AtRow(frames, atOnce * lines, line, 0) : frames, dzPanels = f32At(xPanel, 4 * together);
  const stack = f32AtRow(dzPanels, (outer + 7) / 8 * 8, together, 0);
  placeTable(taps, kernel_h, dilation_h * line, kernel_w, dilation_w * channels, inner, 1);
  placeTable(from, atOnce, lines * line, out_height, stride_h * line, out_width, stride_w * channels);
  if (isFramed) memory.fill(frames, 0, f32AtRow(0, atOnce * lines, line, 0));
  for (let first = 0; first < tiles; first += most) {
    const end = min(tiles, first + most), floats = (end - first) * tileFloats;
    let slab = stack;
    for (let leaf = 0, r = 0; leaf < leaves; leaf++) {
      memory.fill(slab, 0, f32At(0, floats));
      for (const last = i32.load(i32At(bounds, leaf + 1)); r < last; ) {
        const pictures = min(atOnce, last - r), count = pictures * pixels;
        let a = f32AtRow(x, r * height, width * channels, 0);
        if (isFramed) {
          framePictures(a, pictures, height, width, channels, pad_top, pad_left, lines, reachW, frames);
          a = frames;
        }
        for (let p = 0; p < count; p += together) {
          if (isDepthwise) {
            addDepthwise(a, i32At(from, p), min(together, count - p), taps, k, f32AtRow(dz, r * pixels + p, filters, 0), channels, slab);
          } else addProducts(a, i32At(from, p), min(together, count - p), taps, k, inner, f32AtRow(dz, r * pixels + p, filters, 0), outer, filters,
            first, end, slab, xPanel, dzPanels);
        }
        r += pictures;
      }
      for (let subtrees = completedBy(leaf, leaves); subtrees > 0; subtrees--) {
        const left = slab - f32At(0, floats);
        addSlab(left, slab, floats);
        slab = left;
      }
      slab = f32At(slab, floats);
    }
    if (isDepthwise) copyLine(stack, dw, k * channels);
    else storeTiles(stack, k, outer, filters, first, end, dw);
  }
}

// conv_bias_gradient: db = column sums of dz over all its pixels, per leaf and then by the same tree
//   dz [B,pixels,F]  db [F], f32, 4-byte aligned  bounds and leaves as above
//   order   leaf: rows, then pixels from +0; tree as above      bound   |err| <= (rows of the largest leaf * pixels + log2(leaves)) * 2^-24 * sum|dz|
//   scratch convScratchFloats        twin convBiasGradient
export function conv_bias_gradient(
  dz: usize, db: usize, bounds: usize, leaves: i32, pixels: i32, filters: i32, scratch: usize,
): void {
  for (let leaf = 0; leaf <= leaves; leaf++) i32.store(i32At(scratch, leaf), i32.load(i32At(bounds, leaf)) * pixels);
  dense_bias_gradient(dz, db, scratch, leaves, filters, filters, i32At(scratch, leaves + 1));
}
