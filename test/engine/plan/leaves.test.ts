import test from 'ava';
import { leafStart, mostLeaves, rankLeaves, reduction, type Subtree, subtrees } from '../../../src/engine/plan/leaves.ts';

const LEAVES = Array.from({ length: 40 }, (_, i) => i + 1);

/** The promise as text: level by level, node j = node 2j + node 2j+1; a missing partner passes through. */
function treeOver(leaves: readonly string[]): string {
  let level = [...leaves];
  while (level.length > 1) {
    const next: string[] = [];
    for (let j = 0; j < level.length; j += 2) next.push(j + 1 < level.length ? `(${level[j]}+${level[j + 1]})` : level[j]!);
    level = next;
  }
  return level[0]!;
}

/** A node's own sum: the same tree, restricted to its leaves. */
const nodeSum = ({ first, count }: Subtree): string => treeOver(Array.from({ length: count }, (_, i) => `g${first + i}`));

test('N6 the sum of the gradients is one expression, whatever the workers: all leaves 1..40, all workers 1..leaves', (t) => {
  for (const leaves of LEAVES) {
    const expected = nodeSum({ first: 0, count: leaves });
    for (let workers = 1; workers <= leaves; workers++) {
      const nodes = Array.from({ length: workers }, (_, rank) => subtrees(rankLeaves(rank, workers, leaves), leaves)).flat();
      const slabs = nodes.map(nodeSum);
      for (const { into, from } of reduction(nodes, leaves)) slabs[into] = `(${slabs[into]}+${slabs[from]})`;
      t.is(slabs[0], expected, `${leaves} leaves, ${workers} workers`);
    }
  }
});

test('the sum is the same expression where nodes have few leaves at most', (t) => {
  for (const leaves of LEAVES) {
    const expected = nodeSum({ first: 0, count: leaves });
    for (const workers of [1, 2, 3, 7].filter((count) => count <= leaves)) {
      for (const most of [1, 2, 3, 4, 7, 8, 100]) {
        const nodes = Array.from({ length: workers }, (_, rank) => subtrees(rankLeaves(rank, workers, leaves), leaves, most)).flat();
        t.true(nodes.every(({ count }) => count <= most));
        const slabs = nodes.map(nodeSum);
        for (const { into, from } of reduction(nodes, leaves)) slabs[into] = `(${slabs[into]}+${slabs[from]})`;
        t.is(slabs[0], expected, `${leaves} leaves, ${workers} workers, at most ${most} a node`);
      }
    }
  }
});

test('large batches of small weights are summed in nodes of some hundred rows, all others in as few as there can be', (t) => {
  t.is(mostLeaves(5000, 16, 35_730), 1);
  t.is(mostLeaves(800, 16, 35_730), 8);
  t.is(mostLeaves(64, 16, 35_730), 100);
  t.is(mostLeaves(5000, 16, 5_824_522), 16);
});

test('each slab is added once and into an earlier one, so a sum never reads what was already given away', (t) => {
  for (const leaves of LEAVES) {
    for (let workers = 1; workers <= leaves; workers++) {
      const nodes = Array.from({ length: workers }, (_, rank) => subtrees(rankLeaves(rank, workers, leaves), leaves)).flat();
      const spent = new Set<number>();
      for (const { into, from } of reduction(nodes, leaves)) {
        t.true(into < from && !spent.has(into) && !spent.has(from));
        spent.add(from);
      }
      t.is(spent.size, nodes.length - 1);
    }
  }
});

test('the leaves of the ranks are contiguous, complete, and at least one each', (t) => {
  for (const leaves of LEAVES) {
    for (let workers = 1; workers <= leaves; workers++) {
      const ranges = Array.from({ length: workers }, (_, rank) => rankLeaves(rank, workers, leaves));
      t.is(ranges[0]!.from, 0);
      t.is(ranges.at(-1).to, leaves);
      for (const [rank, { from, to }] of ranges.entries()) {
        t.true(to > from);
        t.is(from, rank === 0 ? 0 : ranges[rank - 1]!.to);
        t.true(Math.abs(to - from - leaves / workers) < 1, 'shares differ by at most one leaf');
      }
    }
  }
});

/** All ranges [first, first + count) that some level of the tree sums. */
function completeNodes(leaves: number): Set<string> {
  const found = new Set<string>();
  let level = Array.from({ length: leaves }, (_, first) => ({ first, count: 1 }));
  for (;;) {
    for (const { first, count } of level) found.add(`${first} ${count}`);
    if (level.length <= 1) return found;
    level = level.flatMap((left, j) => {
      if (j % 2 === 1) return [];
      return [{ first: left.first, count: left.count + (level[j + 1]?.count ?? 0) }];
    });
  }
}

test('subtrees covers any range with complete nodes of the tree, and with the fewest', (t) => {
  for (const leaves of LEAVES) {
    const complete = completeNodes(leaves);
    for (let from = 0; from < leaves; from++) {
      // fewest[to]: the least number of complete nodes that cover [from, to).
      const fewest = new Map([[from, 0]]);
      for (let to = from + 1; to <= leaves; to++) {
        for (let first = from; first < to; first++) {
          const before = fewest.get(first);
          if (before === undefined || !complete.has(`${first} ${to - first}`)) continue;
          fewest.set(to, Math.min(fewest.get(to) ?? Infinity, before + 1));
        }
        const nodes = subtrees({ from, to }, leaves);
        let at = from;
        for (const { first, count } of nodes) {
          t.is(first, at);
          t.true(complete.has(`${first} ${count}`), `[${first}, ${first + count}) of ${leaves}`);
          at += count;
        }
        t.is(at, to);
        t.is(nodes.length, fewest.get(to)!, `[${from}, ${to}) of ${leaves}`);
      }
    }
  }
});

test('the rows of the leaves are floor(i*B/S) .. floor((i+1)*B/S)-1: in order, complete, even to one row, empty where rows are few', (t) => {
  for (const leaves of [1, 2, 3, 13, 16, 40, 4096]) {
    for (const rows of [0, 1, 2, 15, 16, 17, 64, 1000, 16_777_216]) {
      t.is(leafStart(0, leaves, rows), 0);
      t.is(leafStart(leaves, leaves, rows), rows);
      for (let leaf = 0; leaf < leaves; leaf++) {
        const count = leafStart(leaf + 1, leaves, rows) - leafStart(leaf, leaves, rows);
        if (count !== Math.floor(rows / leaves) && count !== Math.ceil(rows / leaves))
          t.fail(`leaf ${leaf} of ${leaves} has ${count} of ${rows} rows`);
        if (BigInt(leafStart(leaf, leaves, rows)) !== (BigInt(leaf) * BigInt(rows)) / BigInt(leaves))
          t.fail(`leaf ${leaf} of ${leaves}, ${rows} rows`);
      }
    }
  }
});
