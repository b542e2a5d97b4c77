import type { SubtreeSite } from '../../../kernels/site.ts';
import { boundsWords, leafBoundsWords } from '../memory.ts';
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
  const { plan, leaves, rows, key } = share;
  const { memory, experiment } = plan;
  const total = experiment.numerics.leaves;
  const wordsOf = (first: number, count: number): number[] =>
    Array.from({ length: count + 1 }, (_, i) => share.leafStart(first + i) - share.leafStart(first));
  const ofKind = (words: number): number => (key.kind === 'last' ? words * Int32Array.BYTES_PER_ELEMENT : 0);
  const batch = memory.leafBounds.at + ofKind(leafBoundsWords(total));
  // Every rank writes the same words, so that none has to wait for another's.
  tables.push({ at: batch, words: wordsOf(0, total) });
  let next = share.own(memory.bounds) + ofKind(boundsWords(leaves.to - leaves.from));
  const place = (first: number, count: number): number => {
    const table = next;
    const words = wordsOf(first, count);
    tables.push({ at: table, words });
    next += words.length * Int32Array.BYTES_PER_ELEMENT;
    return table;
  };
  const subtrees: PlacedSubtree[] = [];
  for (const [slab, { first, count }] of memory.nodes.entries()) {
    if (first < leaves.from || first >= leaves.to) continue;
    subtrees.push({ row: share.leafStart(first) - rows.from, first, leaves: count, bounds: place(first, count), slab });
  }
  return { subtrees, batch };
}
