import type { SplitConfig } from '../../config/schema/schema.ts';
import { permute } from '../../random/distributions.ts';
import { RandomStream } from '../../random/stream.ts';
import { type Dataset, SPLITS, type SplitName } from '../dataset.ts';
import type { Samples } from '../samples.ts';
import { allocateShared } from '../shared.ts';
import { type Deal, inTurn, stratified } from './deal.ts';
import { foldsOf, namedFold } from './folds.ts';
import { dealGroups, groupsOf } from './groups.ts';
import { availableIn, byText, ownSizes, refusal, splitSizes } from './sizes.ts';

type Rows = Uint32Array<SharedArrayBuffer>;
type Splits = Record<SplitName, Uint32Array>;

/** Streams of random orders: of the main part, and of the source's own sets. */
const STREAM = { main: 0, test: 1, val: 2 } as const;

/**
 * Shares the samples out to train, val and test; no sample is in two of them, and some may be in none.
 *
 * order: the first samples are train, the next val, the next test. shuffle: the same after a random order by the root seed.
 * stratify: as shuffle, and each class has the same share of every split as of the whole, to one sample. group: after a random order, whole
 * groups, with sizes as near as `dealGroups` brings them. The source's own val or test set, if it has one, is where all such samples
 * come from, and the others share the rest.
 *
 * column, files: each split is what a column says or a file holds, in the source's order; nothing is shared out.
 *
 * folds: what would be train and val together is cut into folds, of which one is val and the others are train; test is as without folds.
 *
 * @throws GradloomError E_DATA_SPLIT with what was asked for and what there is; E_CONFIG_MISSING for folds of which none is named
 */
export function splitSamples(samples: Samples, config: SplitConfig, seed: number): Dataset['splits'] {
  const { folds } = config;
  const fold = folds === undefined ? 0 : namedFold(config);
  const splits = isAssigned(config) ? assignedSplits(samples, config) : dealtSplits(samples, config, seed);
  const { train, val, test } = folds === undefined ? splits : withFold(splits, folds, fold, samples, config);
  return { train: shared(train), val: shared(val), test: shared(test) };
}

function isAssigned({ by }: SplitConfig): boolean {
  return by === 'files' || (typeof by === 'object' && 'column' in by);
}

function shared(rows: Uint32Array): Rows {
  const copy = new Uint32Array(allocateShared(rows.byteLength, 'data.split'));
  copy.set(rows);
  return copy;
}

// ---- shared out --------------------------------------------------------------------------------------------------------

function dealtSplits(samples: Samples, config: SplitConfig, seed: number): Splits {
  const available = availableIn(samples);
  const sizes = splitSizes(config, available);
  const empty = new Uint32Array(0);
  const splits: Splits = { train: empty, val: empty, test: empty };
  const deal = (stream: keyof typeof STREAM, from: number, count: number, names: readonly SplitName[]): void => {
    const parts = shareOut(samples, from, count, { names, sizes, config, stream: new RandomStream(seed, 'split', STREAM[stream]) });
    for (const [i, name] of names.entries()) splits[name] = parts[i] as Uint32Array;
  };
  const { main, val: ownVal, test: ownTest } = available;
  deal(
    'main',
    0,
    main,
    SPLITS.filter((name) => name === 'train' || available[name] === undefined),
  );
  if (ownVal !== undefined) deal('val', main, ownVal, ['val']);
  if (ownTest !== undefined) deal('test', main + (ownVal ?? 0), ownTest, ['test']);
  return splits;
}

interface Dealing {
  names: readonly SplitName[];
  sizes: Readonly<Record<SplitName, number>>;
  config: SplitConfig;
  stream: RandomStream;
}

/** Rows [first, first + count) shared out to the named splits. */
function shareOut(samples: Samples, first: number, count: number, { names, sizes, config, stream }: Dealing): Uint32Array[] {
  const rows = new Uint32Array(count);
  if (config.by === 'order') for (let i = 0; i < count; i++) rows[i] = i;
  else permute(stream, count, rows);
  if (first > 0) for (let i = 0; i < count; i++) rows[i] = first + (rows[i] as number);
  const wanted = names.map((name) => sizes[name]);
  return collect(rows, dealBy(samples, rows, wanted, config), wanted.length);
}

function dealBy(samples: Samples, rows: Uint32Array, sizes: readonly number[], config: SplitConfig): Deal {
  if (config.by === 'stratify') return stratified(rows, sizes, samples);
  if (typeof config.by === 'object') return dealGroups(rows, sizes, groupsOf(samples, config), config);
  return inTurn(rows.length, sizes);
}

/** The rows of each split, in the order of `rows`. */
function collect(rows: Uint32Array, splitOf: Deal, count: number): Uint32Array[] {
  const sizes = Array.from({ length: count + 1 }, () => 0);
  for (let i = 0; i < rows.length; i++) sizes[splitOf[i] as number] = (sizes[splitOf[i] as number] as number) + 1;
  const parts = sizes.slice(0, count).map((size) => new Uint32Array(size));
  const filled = sizes.map(() => 0);
  for (let i = 0; i < rows.length; i++) {
    const split = splitOf[i] as number;
    const part = parts[split];
    if (part === undefined) continue;
    const at = filled[split] as number;
    part[at] = rows[i] as number;
    filled[split] = at + 1;
  }
  return parts;
}

// ---- as a column or the files say ----------------------------------------------------------------------------------------

function assignedSplits(samples: Samples, config: SplitConfig): Splits {
  const splitOf = config.by === 'files' ? byFile(samples) : byColumn(samples, config);
  const rows = Uint32Array.from(splitOf, (_, row) => row);
  const [train, val, test] = collect(rows, splitOf, SPLITS.length) as [Uint32Array, Uint32Array, Uint32Array];
  const sizes = ownSizes(config, { train: train.length, val: val.length, test: test.length });
  return { train: train.subarray(0, sizes.train), val: val.subarray(0, sizes.val), test: test.subarray(0, sizes.test) };
}

/** The main part is train. */
function byFile(samples: Samples): Deal {
  const { main, val, test } = availableIn(samples);
  if (val === undefined && test === undefined) {
    const message = 'files: the source has no val and no test set of its own';
    throw refusal(message, 'name their files in data.source, or set data.split.by to shuffle, stratify or order', 'data.split.by');
  }
  return inTurn(samples.sampleCount, [main, val ?? 0, test ?? 0]);
}

/** Where the column says nothing, samples of the source's own sets belong to those, and others to none. */
function byColumn(samples: Samples, config: SplitConfig): Deal {
  const { assigned } = samples;
  if (assigned === undefined) {
    const message = `${byText(config)}: only tables have columns, and this source is none`;
    throw refusal(message, 'set data.split.by to shuffle, stratify or order', 'data.split.by');
  }
  const { main, val = 0 } = availableIn(samples);
  return Uint16Array.from(assigned, (split, row) => {
    if (split < SPLITS.length) return split;
    return row < main ? SPLITS.length : row < main + val ? 1 : 2;
  });
}

// ---- folds -----------------------------------------------------------------------------------------------------------------

function withFold({ train, val, test }: Splits, folds: number, fold: number, samples: Samples, config: SplitConfig): Splits {
  const rows = new Uint32Array(train.length + val.length);
  rows.set(train);
  rows.set(val, train.length);
  const foldOf = foldsOf(rows, folds, samples, config);
  return {
    train: rows.filter((_, place) => foldOf[place] !== fold),
    val: rows.filter((_, place) => foldOf[place] === fold),
    test,
  };
}
