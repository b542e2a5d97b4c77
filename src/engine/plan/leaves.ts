import { ALONE, type TeamPlan } from '../team/team.ts';

/**
 * Leaves and the pairwise tree over them. Everything here is a pure function of row and leaf counts, so that
 * the tree, and with it every bit of a gradient, is the same however the leaves are shared out among workers.
 */

/** First row of leaf `leaf` of `leaves` in a batch of `rows` rows; leaf i covers floor(i*B/S) .. floor((i+1)*B/S)-1. */
export function leafStart(leaf: number, leaves: number, rows: number): number {
  return Math.floor((leaf * rows) / leaves);
}

/** A half-open range of integers. */
export interface Range {
  from: number;
  to: number;
}

/** The contiguous block of leaves that a member of a team computes: a complete node of the tree, see `planTeam`. */
export function memberLeaves({ member, members }: Pick<TeamPlan, 'member' | 'members'>, leaves: number): Range {
  return { from: (member * leaves) / members, to: ((member + 1) * leaves) / members };
}

/** The contiguous run of leaves that rank `rank` computes, of those of its process. */
export function rankLeaves(rank: number, workers: number, leaves: number, team: TeamPlan = ALONE): Range {
  const { from, to } = memberLeaves(team, leaves);
  const own = to - from;
  return { from: from + Math.floor((rank * own) / workers), to: from + Math.floor(((rank + 1) * own) / workers) };
}

/** A complete node of the tree: leaves [first, first + count). */
export interface Subtree {
  first: number;
  count: number;
}

/**
 * Rows of a batch whose gradient is summed at once, at most, where slabs are small. measured: beyond, the columns of x lie in more pages
 * than the processor has translations of, and cost 2.2 times as much at 5,000 rows of 784; each slab costs an addition.
 */
const NODE_ROWS = 400;
const SMALL_SLAB = 2 ** 18;

/** Leaves of a node that has a slab of so many floats, at most. */
export function mostLeaves(batchRows: number, leaves: number, slabFloats: number): number {
  return slabFloats > SMALL_SLAB ? leaves : Math.max(1, Math.floor((NODE_ROWS * leaves) / batchRows));
}

/** The fewest complete nodes of the tree over `leaves` leaves, of at most `most` each, that cover [from, to), in order. */
export function subtrees(range: Range, leaves: number, most = leaves): Subtree[] {
  const nodes: Subtree[] = [];
  let first = range.from;
  while (first < range.to) {
    let span = 1;
    const end = (width: number): number => Math.min(first + width, leaves);
    while (first % (span * 2) === 0 && end(span * 2) <= Math.min(range.to, first + most) && first + span < leaves) span *= 2;
    const count = end(span) - first;
    nodes.push({ first, count });
    first += count;
  }
  return nodes;
}

/** One addition of the reduction: slab `into` += slab `from` (indices into the list of nodes). */
export interface Addition {
  into: number;
  from: number;
}

/**
 * The additions that finish the tree over `leaves` leaves, given the sums of complete nodes that cover all leaves, or one complete node of
 * them, in order. The result ends in the first slab.
 */
export function reduction(nodes: readonly Subtree[], leaves: number): Addition[] {
  const additions: Addition[] = [];
  let level = nodes.map((node, slab) => ({ ...node, slab }));
  for (let span = 1; level.length > 1; span *= 2) {
    const next: typeof level = [];
    for (const node of level) {
      const left = next.at(-1);
      const isRightPartner = left !== undefined && left.first % (span * 2) === 0 && node.first === left.first + span && left.count === span;
      const isWhole = node.count === span || node.first + node.count === leaves;
      if (isRightPartner && isWhole && node.count <= span) {
        additions.push({ into: left.slab, from: node.slab });
        left.count += node.count;
      } else {
        next.push(node);
      }
    }
    level = next;
  }
  return additions;
}
