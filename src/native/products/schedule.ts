/**
 * How a tile's leaf sums are combined: for each leaf its rows and the merges after it, then two zeros. The pairwise tree as a binary
 * counter: before leaf s one finished subtree waits for each bit of s, and leaf s is added to as many of them as s has trailing ones; the
 * last one is added to all.
 *
 * @param bounds  [leaves + 1], no two equal
 */
export function leafSchedule(bounds: ArrayLike<number>): Int32Array {
  const leaves = bounds.length - 1;
  const words = new Int32Array(2 * leaves + 2);
  for (let leaf = 0; leaf < leaves; leaf++) {
    words[2 * leaf] = (bounds[leaf + 1] as number) - (bounds[leaf] as number);
    words[2 * leaf + 1] = leaf + 1 === leaves ? ones(leaf) : ones(leaf ^ (leaf + 1)) - 1;
  }
  return words;
}

/** Bytes of a schedule. */
export function scheduleBytes(leaves: number): number {
  return (2 * leaves + 2) * Int32Array.BYTES_PER_ELEMENT;
}

/** Tiles that wait at a time, at most: one for every bit of the number of leaves. */
export function waitingTiles(leaves: number): number {
  return 32 - Math.clz32(leaves);
}

function ones(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count++;
  return count;
}
