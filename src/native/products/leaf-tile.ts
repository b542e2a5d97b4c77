import type { Assembler } from '../assembler/assembler.ts';
import { mem, r9, r11, r14 } from '../assembler/instruction.ts';
import type { Isa } from '../isa.ts';
import type { Tile } from './tile.ts';

/**
 * A tile's leaf sums and the pairwise tree over them, along the schedule at r9 (`leafSchedule`) with waiting tiles at r14. Changes r9, r11, r14.
 *
 * A leaf starts with its first product and +0 is added once, to the root: the bits of leaves that start at +0, as in kernels/products/leaf-tile.ts.
 *
 * @param step        adds one row and moves on; must leave r9, r11, r14
 * @param mayBeEmpty  the schedule may have no leaf at all: the tile is +0
 */
export function leafTile(a: Assembler, { width }: Isa, tile: Tile, step: (isFirst: boolean) => void, mayBeEmpty = false): void {
  const level = tile.rows * tile.vectors * width;
  const leaf = a.label();
  const rows = a.label();
  const merge = a.label();
  const merged = a.label();
  const root = a.label();
  const done = a.label();
  if (mayBeEmpty) {
    const some = a.label();
    a.mov32(r11, mem(r9));
    a.test(r11);
    a.jumpIf('ne', some);
    tile.each((sum) => a.zero(width, sum));
    a.jump(done);
    a.bind(some);
  }
  a.bind(leaf);
  a.mov32(r11, mem(r9));
  step(true);
  a.sub(r11, 1);
  a.jumpIf('e', merge);
  a.align(32);
  a.bind(rows);
  step(false);
  a.sub(r11, 1);
  a.jumpIf('ne', rows);
  a.bind(merge);
  a.mov32(r11, mem(r9, 4));
  a.test(r11);
  a.jumpIf('e', merged);
  const again = a.here();
  a.sub(r14, level);
  tile.each((sum) => a.op('vaddps', width, sum, sum, mem(r14, sum * width)));
  a.sub(r11, 1);
  a.jumpIf('ne', again);
  a.bind(merged);
  a.add(r9, 8);
  a.mov32(r11, mem(r9));
  a.test(r11);
  a.jumpIf('e', root);
  tile.each((sum) => a.store(width, mem(r14, sum * width), sum));
  a.add(r14, level);
  a.jump(leaf);
  a.bind(root);
  a.zero(width, tile.b(0));
  tile.each((sum) => a.op('vaddps', width, sum, sum, tile.b(0)));
  a.bind(done);
}
