import { printable } from '../../errors.ts';
import { quantile } from '../normalize/quantiles.ts';
import type { TableColumn } from '../preprocess/preprocess.ts';
import type { TableConfig } from './config.ts';
import type { TableSpec } from './encode.ts';
import type { FeatureColumn, Layout } from './layout.ts';
import type { Block } from './rows/block.ts';
import { type Dictionary, MISSING_CODE, sortedNames } from './rows/dictionary.ts';
import { tableError } from './rows/faults.ts';
import type { TableFile } from './rows/file.ts';

/**
 * How a raw row becomes features, learnt from the training rows and from nothing else: categories, what stands for missing values, which
 * columns have an indicator.
 *
 * @param train  rows of the training split
 * @throws GradloomError E_TABLE_VALUE for a column without any value in the training rows
 */
export function fitTable(layout: Layout, block: Block, train: Uint32Array, config: TableConfig, file: TableFile): TableSpec {
  const fitting = { layout, block, train, config, file };
  return {
    kind: 'table',
    columns: layout.features.map((column) => (column.type === 'number' ? fitNumber(column, fitting) : fitCategory(column, fitting))),
    ...(layout.ignored.length > 0 && { ignored: layout.ignored }),
    ...(file.dialect !== undefined && { dialect: file.dialect }),
  };
}

interface Fitting {
  layout: Layout;
  block: Block;
  train: Uint32Array;
  config: TableConfig;
  file: TableFile;
}

function fitNumber({ name, slot }: FeatureColumn, { block, train, config, file }: Fitting): TableColumn {
  const { missing: policy, missing_indicator: hasIndicators } = config;
  if (policy === 'error') return { type: 'number', name };
  const values = new Float32Array(train.length);
  let filled = 0;
  for (const row of train) {
    const value = block.features[row * block.widths.features + slot] as number;
    if (!Number.isNaN(value)) values[filled++] = value;
  }
  if (filled === 0 && typeof policy !== 'number') throw noValue(file, name);
  const fill =
    typeof policy === 'number' ? policy : policy === 'mean' ? mean(values, filled) : quantile(values.subarray(0, filled).sort(), 0.5);
  return { type: 'number', name, fill: Math.fround(fill), ...(hasIndicators && filled < train.length && { indicator: true }) };
}

/** In f64, in the order of the rows; exact for equal values. */
function mean(values: Float32Array, count: number): number {
  const first = values[0] as number;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += (values[i] as number) - first;
  return first + sum / count;
}

function fitCategory({ name, slot }: FeatureColumn, { layout, block, train, config, file }: Fitting): TableColumn {
  const dictionary = layout.categories[slot] as Dictionary;
  const counts = new Float64Array(dictionary.names.length + 1);
  for (const row of train) {
    const code = block.codes[row * block.widths.texts + slot] as number;
    counts[code] = (counts[code] ?? 0) + 1;
  }
  const there = dictionary.names.filter((_, i) => (counts[i + 1] as number) > 0);
  if (there.length === 0) throw noValue(file, name);
  const categories = sortedNames(there);
  const column: TableColumn = { type: 'category', name, categories, unknown: config.unknown_category };
  if (config.missing !== 'mean' && config.missing !== 'median') return column;
  const countOf = (category: string): number => counts[dictionary.codeOfText(category)] as number;
  const most = categories.reduce((best, category) => (countOf(category) > countOf(best) ? category : best));
  const isMarked = config.missing_indicator && (counts[MISSING_CODE] as number) > 0;
  return { ...column, fill: most, ...(isMarked && { indicator: true }) };
}

function noValue({ path }: TableFile, column: string): Error {
  return tableError({
    code: 'E_TABLE_VALUE',
    path,
    column,
    message: 'no value in any training row, so nothing can stand for a missing one',
    next: `add ${printable(column)} to data.source.drop, or set data.source.missing to a number`,
  });
}
