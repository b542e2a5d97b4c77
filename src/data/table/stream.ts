import { GradloomError } from '../../errors.ts';
import { featureCount } from '../preprocess/preprocess.ts';
import { type CategoryCodes, encodeRows, type TableSpec } from './encode.ts';
import { lackingColumns, unknownColumns } from './layout.ts';
import { openTable } from './open.ts';
import type { ColumnRole, Widths } from './rows/block.ts';
import { Dictionary } from './rows/dictionary.ts';
import type { TableFile } from './rows/file.ts';
import type { TextOptions } from './text/head.ts';
import { openTextStream } from './text/text-file.ts';

/** Rows that a model can take, but for their normalisation. */
export interface FeatureBatch {
  rows: number;
  /** [rows, D], not normalised: to the bit what training would have made of these rows. */
  features: Float32Array;
  /** Line of the first row in a text, from 1; its number in a Parquet file. */
  firstLine: number;
}

export interface StreamOptions {
  /** Names of columns that may be there and are not needed: the target's. Those that training ignored may be there anyway. */
  allowed?: readonly string[];
  /** Rows of a batch, at most. */
  rows?: number;
}

const BATCH_ROWS = 4096;
/** Numbers of a batch, at most: rows of many columns come in smaller batches. */
const BATCH_NUMBERS = 2 ** 22;

/**
 * The features of the rows of a file, in their order and in bounded memory: CSV and its kin (plain or gzip) or Parquet, told by content.
 * Columns are matched by name; a text without names has the model's columns in their order, or was trained on without names as well.
 *
 * @throws GradloomError E_TABLE_COLUMN with the columns that are missing or not expected; E_TABLE_VALUE, E_TABLE_FORMAT, E_DATA_* with the line
 */
export async function* readFeatures(
  path: string,
  spec: TableSpec,
  options: StreamOptions = {},
): AsyncGenerator<FeatureBatch, void, undefined> {
  yield* batchesOf(await openTable(path, dialectsOf(spec)), spec, options);
}

/** The same of the bytes of a text. @param name  stands for its path in errors: `stdin` */
export async function* streamFeatures(
  name: string,
  stream: AsyncIterable<Uint8Array>,
  spec: TableSpec,
  options: StreamOptions = {},
): AsyncGenerator<FeatureBatch, void, undefined> {
  yield* batchesOf(await openTextStream(name, stream, dialectsOf(spec)), spec, options);
}

/** As the training file was written, or else as it looks. */
function dialectsOf({ columns, dialect }: TableSpec): TextOptions[] {
  const expected = columns.map(({ name }) => name);
  const auto: TextOptions = { header: 'auto', delimiter: 'auto', decimal: '.', expected };
  return dialect === undefined ? [auto] : [{ header: 'auto', ...dialect, expected }, auto];
}

async function* batchesOf(file: TableFile, spec: TableSpec, options: StreamOptions): AsyncGenerator<FeatureBatch, void, undefined> {
  const named = withNames(file, spec);
  checkColumns(named, spec, options.allowed ?? []);
  const { roles, widths, codes } = rolesFor(named, spec);
  const width = featureCount(spec);
  const rows = Math.max(1, Math.min(options.rows ?? BATCH_ROWS, Math.floor(BATCH_NUMBERS / width)));
  for await (const block of forModel(file.blocks(roles, widths, rows))) {
    const features = new Float32Array(block.rows * width);
    encodeRows(spec, block, block.places, codes, features);
    yield { rows: block.rows, features, firstLine: block.places.of(0).line };
  }
}

/** What an experiment could say of a value is of no use to a model that is trained. */
async function* forModel<T>(blocks: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield* blocks;
  } catch (error) {
    if (!(error instanceof GradloomError && (error.code === 'E_TABLE_VALUE' || error.code === 'E_DATA_NONFINITE'))) throw error;
    const { code, where, message, cause } = error;
    throw new GradloomError({
      code,
      where,
      message,
      cause,
      next: 'correct the value, or remove the row: the model was trained without such values',
    });
  }
}

/** A text without names that has as many columns as the model takes has them in the model's order. */
function withNames(file: TableFile, { columns }: TableSpec): Pick<TableFile, 'path' | 'names' | 'hasNames'> {
  const isOrdered = !file.hasNames && file.names.length === columns.length;
  return { path: file.path, hasNames: file.hasNames, names: isOrdered ? columns.map(({ name }) => name) : file.names };
}

function checkColumns(
  file: Pick<TableFile, 'path' | 'names' | 'hasNames'>,
  { columns, ignored = [] }: TableSpec,
  allowed: readonly string[],
): void {
  const there = new Set(file.names);
  const missing = columns.filter(({ name }) => !there.has(name)).map(({ name }) => name);
  const known = new Set([...columns.map(({ name }) => name), ...ignored, ...allowed]);
  const extra = file.names.filter((name) => !known.has(name));
  if (missing.length > 0) throw lackingColumns(file, missing, extra);
  if (extra.length === 0) return;
  const taken = columns.map(({ name }) => name);
  throw unknownColumns(file, extra, taken, `remove ${extra.length === 1 ? 'it' : 'them'}`);
}

interface Roles {
  roles: ColumnRole[];
  widths: Widths;
  /** Of each column of categories. */
  codes: CategoryCodes[];
}

function rolesFor(file: Pick<TableFile, 'names'>, { columns }: TableSpec): Roles {
  const widths: Widths = { features: 0, others: 0, texts: 0 };
  const byName = new Map<string, ColumnRole>();
  const codes: CategoryCodes[] = [];
  for (const column of columns) {
    const missing = column.fill === undefined ? 'error' : 'allowed';
    if (column.type === 'number') byName.set(column.name, { kind: 'number', to: 'features', slot: widths.features++, missing });
    else {
      const { categories, unknown } = column;
      const dictionary = new Dictionary(categories);
      byName.set(column.name, { kind: 'text', slot: widths.texts++, dictionary, missing, unknown, use: 'feature' });
      codes.push({ dictionary, numbers: dictionary.placesIn(categories) });
    }
  }
  return { roles: file.names.map((name) => byName.get(name) ?? { kind: 'skip' }), widths, codes };
}
