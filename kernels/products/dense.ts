// Products with the weights of a dense layer: forward, and the gradient of the input.
import { packPanel12, packPanel8, packRows8, panelWidth } from './pack';
import { f32At, f32AtRow, strideOf } from '../vector/pointer';
import { finishTile3x12, forwardTile3x12, forwardTile4x8, TILE_FLOATS, transposedTile4x8 } from './tile';

/** Floats of packed panels kept at a time: half of a 1 MiB L2, the rest is for the rows that stream past. */
const PANEL_FLOATS: i32 = 131072;
/** Floats of the row operand visited by all panels before the next rows come: the other part of L2. */
const ROW_FLOATS: i32 = 65536;
/** Below so many rows copying w costs more than reading it in place. */
const PACK_ROWS: i32 = 48;

/** Columns packed at a time, panels of depth k: a multiple of 8. scratchFloats (src/kernels/kernels.ts) allows 4 more, for a single panel of 12. */
// @ts-ignore: decorator
@inline
export function groupOf(k: i32, budget: i32): i32 {
  return max(8, (budget / max(k, 1)) & ~7);
}

// dense_forward: y = act(x w + bias)
//   x [M,K]  w [K,N]  bias [N] or 0 for none  y [M,N], row-major f32, 4-byte aligned; any M, N, K (K = 0: the bias)
//   activation 0 identity, 1 relu, 2 leaky_relu with slope
//   order   each element is summed k = 0..K-1 from +0 by multiply then add, then the bias is added: same bits for any M, N and worker
//   bound   |err| <= K * 2^-24 * sum|x w|        NaN kept (f32x4.max)
//   scratch scratchFloats(M, K, N, 1)            twin denseForward
export function dense_forward(
  x: usize, w: usize, bias: usize, y: usize, m: i32, n: i32, k: i32, activation: i32, slope: f32, scratch: usize,
): void {
  const stride = strideOf(n);
  const group = groupOf(k, PANEL_FLOATS);
  const rowBlock = max(12, (ROW_FLOATS / max(k, 1)) / 12 * 12); // whole tiles of 4 and of 3
  const panels = f32At(scratch, TILE_FLOATS);
  const packs = m >= PACK_ROWS;
  for (let first = 0, end = 0; first < n; first = end) {
    let panel = panels;
    let packed = 0;
    for (end = first; end < n; ) {
      const width = panelWidth(n - end, packs), columns = min(width, n - end);
      if (packed > 0 && packed + width > group) break;
      packed += width;
      if (width == 12) packPanel12(f32At(w, end), stride, columns, k, panel);
      else if (packs || columns < 8) packPanel8(f32At(w, end), stride, columns, k, panel);
      panel = f32AtRow(panel, k, width, 0);
      end += columns;
    }
    for (let r0 = 0; r0 < m; r0 += rowBlock) {
      const rEnd = min(m, r0 + rowBlock);
      panel = panels;
      for (let c = first; c < end; ) {
        const width = panelWidth(n - c, packs), columns = min(width, n - c);
        const biasPanel = bias ? f32At(bias, c) : 0;
        if (width == 12) {
          let r = r0;
          for (; r + 3 <= rEnd; r += 3) {
            forwardTile3x12(f32AtRow(x, r, k, 0), strideOf(k), 3, panel, k, scratch);
            finishTile3x12(scratch, 3, f32AtRow(y, r, n, c), stride, columns, biasPanel, activation, slope);
          }
          if (r < rEnd) { // the second call also keeps asc from inlining the tile here, where V8 would spill
            forwardTile3x12(f32AtRow(x, r, k, 0), strideOf(k), rEnd - r, panel, k, scratch);
            finishTile3x12(scratch, rEnd - r, f32AtRow(y, r, n, c), stride, columns, biasPanel, activation, slope);
          }
        } else {
          const direct = !packs && columns == 8;
          const b = direct ? f32At(w, c) : panel;
          const bStride: usize = direct ? stride : 32;
          for (let r = r0; r < rEnd; r += 4) {
            forwardTile4x8(f32AtRow(x, r, k, 0), strideOf(k), min(4, rEnd - r), b, bStride, k,
              f32AtRow(y, r, n, c), stride, columns, biasPanel, activation, slope);
          }
        }
        panel = f32AtRow(panel, k, width, 0);
        c += columns;
      }
    }
  }
}

// matmul_nt: dx = dz w^T, computed as (w dz^T)^T: the rows of w are read as they lie and only dz is transposed into panels
//   dz [M,K]  w [N,K]  dx [M,N], row-major f32, 4-byte aligned; any M, N, K
//   order   each element is summed k = 0..K-1 from +0 by multiply then add        bound   |err| <= K * 2^-24 * sum|dz w|
//   scratch scratchFloats(M, N, K, 1)            twin matmulNt
export function matmul_nt(dz: usize, w: usize, dx: usize, m: i32, n: i32, k: i32, scratch: usize): void {
  const group = groupOf(k, PANEL_FLOATS);
  const rowBlock = max(4, (ROW_FLOATS / max(k, 1)) & ~3);
  for (let first = 0; first < m; first += group) {
    const end = min(m, first + group);
    let panel = scratch;
    for (let r = first; r < end; r += 8) {
      packRows8(f32AtRow(dz, r, k, 0), strideOf(k), min(8, end - r), k, panel);
      panel = f32AtRow(panel, k, 8, 0);
    }
    for (let n0 = 0; n0 < n; n0 += rowBlock) {
      const nEnd = min(n, n0 + rowBlock);
      panel = scratch;
      for (let r = first; r < end; r += 8) {
        for (let c = n0; c < nEnd; c += 4) {
          const column = max(0, min(c, n - 4)); // the last tile overlaps the one before
          transposedTile4x8(f32AtRow(w, column, k, 0), strideOf(k), min(4, n), panel, k,
            f32AtRow(dx, r, n, column), strideOf(n), min(8, end - r));
        }
        panel = f32AtRow(panel, k, 8, 0);
      }
    }
  }
}
