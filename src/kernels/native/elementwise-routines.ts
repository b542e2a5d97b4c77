import type { Assembler } from '../../native/assembler/assembler.ts';
import { ACTIVATIONS } from '../../native/elementwise/activations.ts';
import { bytesRoutine } from '../../native/elementwise/bytes.ts';
import { passRoutine } from '../../native/elementwise/pass.ts';
import { squaresRoutine } from '../../native/elementwise/squares.ts';
import { UPDATES } from '../../native/elementwise/updates.ts';
import type { Isa } from '../../native/isa.ts';
import type { Convention } from '../../native/routine.ts';
import { listRoutine } from '../../native/sparse/lists.ts';

/** Routines that are for any shape, one for a kernel and instruction set. */
export type ElementwiseName = PassName | 'sum_squares' | 'u8_divided' | 'u8_scaled' | 'list_nonzeros';

export interface ElementwiseRoutine {
  name: ElementwiseName;
  /** 64-bit integers that it takes. */
  args: number;
  make(isa: Isa, convention: Convention): Assembler;
}

const PASSES = { ...UPDATES, ...ACTIVATIONS };
type PassName = keyof typeof PASSES;
const PASS_NAMES = Object.keys(PASSES) as PassName[];

export const ELEMENTWISE: readonly ElementwiseRoutine[] = [
  ...PASS_NAMES.map((name): ElementwiseRoutine => {
    return { name, args: PASSES[name].arrays + 2, make: (isa, convention) => passRoutine(isa, convention, PASSES[name]) };
  }),
  { name: 'sum_squares', args: 3, make: squaresRoutine },
  { name: 'u8_divided', args: 6, make: (isa, convention) => bytesRoutine(isa, convention, 'vdivps') },
  { name: 'u8_scaled', args: 6, make: (isa, convention) => bytesRoutine(isa, convention, 'vmulps') },
  { name: 'list_nonzeros', args: 5, make: listRoutine },
];

/** What the routine of a name is known by in a store. */
export function elementwiseKey(isa: Isa['name'], name: ElementwiseName): string {
  return `${name} ${isa}`;
}
