import type { SubtreeSite } from '../../../kernels/site.ts';
import { boundsWords } from '../memory.ts';
import type { RankProgram } from './program.ts';
import type { Share } from './share.ts';

/** A subtree that does not know yet whose gradients it will hold, but the number of their slab. */
export type PlacedSubtree = Omit<SubtreeSite, 'gradient'> & { slab: number };

export interface PlacedBounds {
  subtrees: PlacedSubtree[];
  /** Address of the table of all leaves. */
  batch: number;
}

/** The rank's nodes of the leaf tree with the tables of their leaves' row bounds, and the table of all leaves. */
export function placeBounds(share: Share, tables: RankProgram['tables']): PlacedBounds {
  const { plan, leaves, rows } = share;
  const total = plan.experiment.numerics.leaves;
  let next = share.own(plan.memory.bounds);
  if (share.key.kind === 'last') next += boundsWords(leaves.to - leaves.from, total) * Int32Array.BYTES_PER_ELEMENT;
  const place = (first: number, count: number): number => {
    const table = next;
    const words = Array.from({ length: count + 1 }, (_, i) => share.leafStart(first + i) - share.leafStart(first));
    tables.push({ at: table, words });
    next += words.length * Int32Array.BYTES_PER_ELEMENT;
    return table;
  };
  const subtrees: PlacedSubtree[] = [];
  for (const [slab, { first, count }] of plan.memory.nodes.entries()) {
    if (first < leaves.from || first >= leaves.to) continue;
    subtrees.push({ row: share.leafStart(first) - rows.from, first, leaves: count, bounds: place(first, count), slab });
  }
  return { subtrees, batch: place(0, total) };
}
