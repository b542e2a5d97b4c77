import type { Assembler } from '../assembler/assembler.ts';
import { type Gpr, type Mem, mem, type Vec } from '../assembler/instruction.ts';
import { type Columns, isTail, type PanelRun } from '../columns.ts';
import type { Isa } from '../isa.ts';
import { leakySums } from '../leaky.ts';
import type { Tile } from './tile.ts';

/** What happens to finished sums. */
export interface Epilogue {
  /** Where the bias of a panel's columns stands; undefined: none. */
  bias: Gpr | undefined;
  relu: boolean;
  /** Of a leaky relu. */
  slope: number | undefined;
}

/** Vector registers beyond a tile's sums that a leaky relu needs. */
const LEAKY_REGISTERS = 4;

/**
 * Bias and activation of a tile's sums, then the sums to where they go.
 *
 * @param frameAt  where in the frame four bytes are free for a slope. Changes rax.
 */
export function finishTile(
  a: Assembler,
  isa: Isa,
  tile: Tile,
  { columns, run, bias, relu, slope, frameAt }: Epilogue & { columns: Columns; run: PanelRun; frameAt: number },
  out: (row: number, vector: number) => Mem,
): void {
  const { spare } = tile;
  if (bias !== undefined) {
    for (let vector = 0; vector < run.vectors; vector++)
      columns.load(a, tile.b(vector), mem(bias, vector * isa.width), isTail(run, vector), spare);
    tile.each((sum, _row, vector) => a.op('vaddps', isa.width, sum, sum, tile.b(vector)));
  }
  activateTile(a, isa, tile, { relu, slope, frameAt });
  tile.each((sum, row, vector) => columns.store(a, out(row, vector), sum, isTail(run, vector), spare));
}

/** relu, or a leaky relu where there is a slope, of a tile's sums. `frameAt` and what changes as for `finishTile`. */
export function activateTile(
  a: Assembler,
  isa: Isa,
  tile: Tile,
  { relu, slope, frameAt }: Pick<Epilogue, 'relu' | 'slope'> & { frameAt: number },
): void {
  if (relu) {
    a.zero(isa.width, tile.spare);
    // Where one is NaN the second operand is the result: NaN stays. No sum is -0.
    tile.each((sum) => a.op('vmaxps', isa.width, sum, tile.spare, sum));
  }
  if (slope !== undefined) {
    const sums: Vec[] = [];
    tile.each((sum) => sums.push(sum));
    const [factor, zero, scaled, positive] = Array.from({ length: LEAKY_REGISTERS }, (_, i) => sums.length + i) as [Vec, Vec, Vec, Vec];
    leakySums(a, isa, sums, slope, { slope: factor, zero, scaled, positive }, frameAt);
  }
}
