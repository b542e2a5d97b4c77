import type { Assembler } from '../assembler/assembler.ts';
import { mem, r8, r9, r12, r13, r14, rax, rcx, rdi, rdx, rsi } from '../assembler/instruction.ts';
import { Columns, isTail, type PanelRun } from '../columns.ts';
import { type Isa, isaOf } from '../isa.ts';
import { leafTile } from '../products/leaf-tile.ts';
import { waitingTiles } from '../products/schedule.ts';
import { Tile } from '../products/tile.ts';
import { type Convention, routine } from '../routine.ts';
import { F32 } from './shape.ts';

/** Vectors that are summed at a time: each waits for its own additions alone. */
const VECTORS = 4;
/** Pixels of a turn, where they divide a picture's. */
const UNROLL = 4;
/** For the mask. */
const FRAME_BYTES = 32;

/** db = sums of dz over all pixels, per leaf and then by the tree. */
export interface ConvBiasShape {
  pixels: number;
  filters: number;
  leaves: number;
}

/** Bytes of scratch, beside the schedule. */
export function convBiasGradientScratch(best: Isa, { filters, leaves }: ConvBiasShape): number {
  const isa = isaOf(best, filters);
  return waitingTiles(leaves) * Math.min(VECTORS, Math.ceil(filters / isa.lanes)) * isa.width;
}

/**
 * The routine of a bias's gradient. Arguments: dz, db, schedule (`leafSchedule`), scratch.
 *
 * order: leaf: rows, pixels in order from +0; tree as in dense_weight_gradient
 */
export function convBiasGradientRoutine(best: Isa, convention: Convention, { pixels, filters }: ConvBiasShape): Assembler {
  const isa = isaOf(best, filters);
  const columns = new Columns(isa, filters, 0);
  return routine(convention, FRAME_BYTES, (a) => {
    columns.prepare(a);
    a.mov(r8, rcx);
    for (const { runs } of columns.groups(VECTORS, columns.vectors)) {
      for (const run of runs) {
        a.repeat(r12, run.count, () => {
          a.mov(rax, rdi);
          a.mov(r9, rdx);
          a.mov(r14, r8);
          const tile = new Tile(isa, 1, run.vectors);
          leafTile(a, isa, tile, (isFirst) => {
            if (isFirst) tile.each((sum) => a.zero(isa.width, sum));
            addPicture(a, isa, tile, { columns, run, pixels, pixelBytes: filters * F32 });
          });
          tile.each((sum, _row, vector) => columns.store(a, mem(rsi, vector * isa.width), sum, isTail(run, vector), tile.spare));
          a.add(rdi, run.vectors * isa.width);
          a.add(rsi, run.vectors * isa.width);
        });
      }
    }
  });
}

/** Adds the pixels of a picture at rax, which moves on to the next one. Changes r13. */
function addPicture(
  a: Assembler,
  isa: Isa,
  tile: Tile,
  { columns, run, pixels, pixelBytes }: { columns: Columns; run: PanelRun; pixels: number; pixelBytes: number },
): void {
  const unroll = pixels % UNROLL === 0 ? UNROLL : 1;
  a.repeat(r13, pixels / unroll, () => {
    for (let u = 0; u < unroll; u++) {
      tile.each((sum, _row, vector) => {
        const from = mem(rax, u * pixelBytes + vector * isa.width);
        if (isTail(run, vector)) columns.load(a, tile.b(vector), from, true, tile.spare);
        a.op('vaddps', isa.width, sum, sum, isTail(run, vector) ? tile.b(vector) : from);
      });
    }
    a.add(rax, unroll * pixelBytes);
  });
}
