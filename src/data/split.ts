import type { SplitConfig } from '../config/schema/schema.ts';
import { GradloomError } from '../errors.ts';
import { permute } from '../random/distributions.ts';
import { RandomStream } from '../random/stream.ts';
import type { Dataset, SplitName } from './dataset.ts';
import type { Samples } from './samples.ts';
import { allocateShared } from './shared.ts';

/** The share that becomes the test set when the source has none of its own and the experiment names none. */
const AUTO_TEST_FRACTION = 0.1;

/** Room for the rounding of decimal fractions: 0.29 of 100 is 29, although 0.29 * 100 < 29. */
const FRACTION_ROUNDING = 1e-9;

/**
 * Shares the samples out to train, val and test; no sample is in two of them, and some may be in none.
 *
 * order: the first samples are train, the next val, the next test. shuffle: the same after a random order by the root seed.
 * stratify: as shuffle, and each class has the same share of every split as of the whole, to one sample.
 * The source's own test set, if it has one, is where all test samples come from; train and val then share the rest.
 *
 * @throws GradloomError E_DATA_SPLIT with what was asked for and what there is
 */
export function splitSamples(samples: Samples, config: SplitConfig, seed: number): Dataset['splits'] {
  const ownTest = samples.ownTestCount;
  const main = samples.sampleCount - ownTest;
  const asked = { main, ownTest, config };

  const val = countOf('val', config.val, main, asked);
  const test = testCount(config.test, asked);
  const rest = main - val - (ownTest > 0 ? 0 : test);
  const train = config.train === 'rest' ? rest : countOf('train', config.train, main, asked);
  if (train < 1 || train > rest) throw splitError(asked, train < 1 ? 'no sample is left for train' : `${train - rest} samples too many`);

  const shared = ownTest > 0 ? [train, val] : [train, val, test];
  const parts = shareOut(samples, 0, main, shared, config.by, new RandomStream(seed, 'split', 0));
  if (ownTest > 0) parts.push(...shareOut(samples, main, ownTest, [test], config.by, new RandomStream(seed, 'split', 1)));
  const [trainRows, valRows, testRows] = parts as [Rows, Rows, Rows];
  return { train: trainRows, val: valRows, test: testRows };
}

type Rows = Uint32Array<SharedArrayBuffer>;

interface Asked {
  main: number;
  ownTest: number;
  config: SplitConfig;
}

/** Samples that a count or a fraction of `available` means; a fraction above 0 means at least one. */
function countOf(name: SplitName, value: number, available: number, asked: Asked): number {
  if (value >= 1) {
    if (!Number.isInteger(value)) throw splitError(asked, `${name}: ${value} is neither a whole count nor a fraction below 1`);
    if (value > available) throw splitError(asked, `${name} alone asks for more`);
    return value;
  }
  return value === 0 ? 0 : Math.max(1, Math.floor(value * available + FRACTION_ROUNDING));
}

function testCount(value: number | 'auto', asked: Asked): number {
  if (value !== 'auto') return countOf('test', value, asked.ownTest > 0 ? asked.ownTest : asked.main, asked);
  return asked.ownTest > 0 ? asked.ownTest : countOf('test', AUTO_TEST_FRACTION, asked.main, asked);
}

function splitError({ main, ownTest, config }: Asked, problem: string): GradloomError {
  const own = ownTest > 0 ? ` and ${ownTest} in the source's own test set` : '';
  return new GradloomError({
    code: 'E_DATA_SPLIT',
    where: 'data.split',
    message: `${problem}: asked for train ${config.train}, val ${config.val}, test ${config.test}; there are ${main} samples${own}`,
    next: 'lower the counts, or set val: 0 or test: 0',
  });
}

/** Rows [first, first + count) shared out to splits of the given sizes. */
function shareOut(
  samples: Samples,
  first: number,
  count: number,
  sizes: readonly number[],
  by: SplitConfig['by'],
  stream: RandomStream,
): Rows[] {
  const order = new Uint32Array(count);
  if (by === 'order') for (let i = 0; i < count; i++) order[i] = i;
  else permute(stream, count, order);
  const splits = sizes.map((size) => new Uint32Array(allocateShared(size * 4, 'data.split')));
  const splitOf = by === 'stratify' ? stratified(samples, first, order, sizes) : inTurn(count, sizes);
  const filled = sizes.map(() => 0);
  for (let i = 0; i < count; i++) {
    const split = splitOf[i] as number;
    const rows = splits[split];
    if (rows === undefined) continue;
    const at = filled[split] as number;
    rows[at] = first + (order[i] as number);
    filled[split] = at + 1;
  }
  return splits;
}

/** Which split each place of the order belongs to; `sizes.length` for none. */
function inTurn(count: number, sizes: readonly number[]): Uint8Array {
  const splitOf = new Uint8Array(count).fill(sizes.length);
  let from = 0;
  sizes.forEach((size, split) => {
    splitOf.fill(split, from, from + size);
    from += size;
  });
  return splitOf;
}

/** As `inTurn`, class by class: the first places of a class go to the first split, as many as is the class's due, and so on. */
function stratified(samples: Samples, first: number, order: Uint32Array, sizes: readonly number[]): Uint8Array {
  const { target } = samples;
  if (target.kind !== 'class') {
    throw new GradloomError({
      code: 'E_DATA_SPLIT',
      where: 'data.split.by',
      message: 'stratify needs class labels, and this source has numeric targets',
      next: 'set data.split.by to shuffle or order',
    });
  }
  const { labels, classes } = target;
  // left[c]: samples of class c that no split has taken yet. Each split takes its share of what the ones before it left, so that
  // the shares, rounded one split at a time, never exceed a class.
  const left = Array.from({ length: classes }, () => 0);
  for (const place of order) {
    const label = labels[first + place] as number;
    left[label] = (left[label] as number) + 1;
  }
  const due = sizes.map((size) => {
    const shares = largestRemainder(left, size);
    shares.forEach((share, c) => {
      left[c] = (left[c] as number) - share;
    });
    return shares;
  });
  const splitOf = new Uint8Array(order.length).fill(sizes.length);
  for (const [i, place] of order.entries()) {
    const label = labels[first + place] as number;
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
