import type { SourceConfig } from '../schema/schema.ts';
import type { View } from '../tree/view.ts';

const SOURCE = ['data', 'source'];

const ARRAYS = [
  ['val_x', 'val_y'],
  ['test_x', 'test_y'],
] as const;

/** What the keys of a source mean together, for those that have such keys. */
const sourceChecks: ReadonlyMap<unknown, (view: View) => void> = new Map<SourceConfig['type'], (view: View) => void>([
  ['csv', checkIndicators],
  ['idx', (view) => checkPairs(view, [['test_images', 'test_labels']])],
  ['npy', (view) => checkPairs(view, ARRAYS)],
  ['npz', (view) => checkPairs(view, ARRAYS)],
  ['parquet', checkIndicators],
  ['synthetic', checkSynthetic],
]);

export function checkSource(view: View): void {
  sourceChecks.get(view.type(SOURCE))?.(view);
}

/** Inputs of a set and its targets are both given, or neither. */
function checkPairs(view: View, pairs: readonly (readonly [x: string, y: string])[]): void {
  for (const [one, other] of pairs.flatMap(([x, y]) => [[x, y] as const, [y, x] as const])) {
    if (!view.given([...SOURCE, one]) || view.given([...SOURCE, other])) continue;
    view.report('E_CONFIG_MISSING', [...SOURCE, other], `missing; ${one} needs it`, [...SOURCE, one]);
  }
}

/** An indicator says of what stands there that it stands for a missing value. */
function checkIndicators(view: View): void {
  if (view.value([...SOURCE, 'missing_indicator']) !== true || view.value([...SOURCE, 'missing']) !== 'error') return;
  const message = 'got true, which needs something to stand for missing values; missing: error lets none through';
  const next = 'set data.source.missing: mean, median or a number, or leave missing_indicator out';
  view.report('E_CONFIG_VALUE', [...SOURCE, 'missing_indicator'], message, undefined, next);
}

function checkSynthetic(view: View): void {
  const features = view.number([...SOURCE, 'features']);
  if (view.value([...SOURCE, 'kind']) === 'spirals' && features !== undefined && features !== 2) {
    view.report('E_CONFIG_VALUE', [...SOURCE, 'features'], `spirals have 2 features; got ${features}`);
  }
}
