import type { Samples } from '../samples.ts';
import { refusal } from './sizes.ts';

/** Which split each of some samples belongs to, as the place of its size among `sizes`; `sizes.length` for none. */
export type Deal = Uint16Array;

/** The first go to the first split, the next to the next. */
export function inTurn(count: number, sizes: readonly number[]): Deal {
  const splitOf = new Uint16Array(count).fill(sizes.length);
  let from = 0;
  sizes.forEach((size, split) => {
    splitOf.fill(split, from, from + size);
    from += size;
  });
  return splitOf;
}

/** As `inTurn`, class by class: the first of a class go to the first split, as many as is the class's due, and so on. */
export function stratified(rows: Uint32Array, sizes: readonly number[], samples: Samples): Deal {
  const { labels, classes } = classesOf(samples);
  // left[c]: samples of class c that no split has taken yet. Each split takes its share of what the ones before it left, so that
  // the shares, rounded one split at a time, never exceed a class.
  const left = Array.from({ length: classes }, () => 0);
  for (const row of rows) {
    const label = labels[row] as number;
    left[label] = (left[label] as number) + 1;
  }
  const due = sizes.map((size) => {
    const shares = largestRemainder(left, size);
    shares.forEach((share, c) => {
      left[c] = (left[c] as number) - share;
    });
    return shares;
  });
  // Plain loops: nothing is compiled yet when a run does it.
  const splitOf = new Uint16Array(rows.length).fill(sizes.length);
  for (let i = 0; i < rows.length; i++) {
    const label = labels[rows[i] as number] as number;
    for (let split = 0; split < due.length; split++) {
      const shares = due[split] as number[];
      if (shares[label] === 0) continue;
      shares[label] = (shares[label] as number) - 1;
      splitOf[i] = split;
      break;
    }
  }
  return splitOf;
}

/**
 * Labels to deal by.
 *
 * @throws GradloomError E_DATA_SPLIT where the targets are numbers
 */
export function classesOf({ target }: Samples): { labels: Int32Array; classes: number } {
  if (target.kind === 'class') return target;
  const message = 'stratify needs class labels, and this source has numeric targets';
  throw refusal(message, 'set data.split.by to shuffle or order', 'data.split.by');
}

/**
 * `total` shared out in proportion to `weights` (whole numbers with a sum of at least `total`): each gets its share rounded down, and
 * what is left goes to the largest remainders, on a tie to the lower index. No share exceeds its weight.
 */
export function largestRemainder(weights: readonly number[], total: number): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  if (sum === 0) return weights.map(() => 0);
  // In BigInt: the products of two large counts pass 2^53.
  const products = weights.map((weight) => BigInt(weight) * BigInt(total));
  const shares = products.map((product) => Number(product / BigInt(sum)));
  const remainders = products.map((product) => Number(product % BigInt(sum)));
  const missing = total - shares.reduce((a, b) => a + b, 0);
  const byRemainder = weights.map((_, i) => i).sort((a, b) => (remainders[b] as number) - (remainders[a] as number) || a - b);
  for (const i of byRemainder.slice(0, missing)) shares[i] = (shares[i] as number) + 1;
  return shares;
}
