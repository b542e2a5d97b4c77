import { printable } from '../../errors.ts';
import { featureCount } from '../preprocess/preprocess.ts';
import type { Features, Reading, Samples } from '../samples.ts';
import { allocateShared } from '../shared.ts';
import { EXPECTED_WEIGHT, isWeight } from '../weights.ts';
import type { TableConfig } from './config.ts';
import { encodeRows, isPlain, type TableSpec } from './encode.ts';
import { fitTable } from './fit.ts';
import { type Layout, layOut, namedColumns, rolesOf, unknownColumns } from './layout.ts';
import type { Block } from './rows/block.ts';
import { emptyTable, tableError } from './rows/faults.ts';
import type { TableFile } from './rows/file.ts';
import { growingBlock, type RowCount } from './rows/growing.ts';
import { Places } from './rows/places.ts';
import { classTarget, groupsOf, partsOf, valueTarget } from './targets.ts';
import { tellingWords } from './words.ts';

/** How files of a format are opened. @param expected  names of columns that are looked for */
export type OpenTable = (path: string, expected: readonly string[]) => Promise<TableFile>;

/** A table as it was read, before anything is learnt from it. */
interface RawTable {
  layout: Layout;
  block: Block;
  places: Places;
  /** Rows of the source's own sets, the last ones. */
  ownVal: number;
  ownTest: number;
  /** The first file. */
  file: TableFile;
  tables: readonly TableFile[];
}

/**
 * The samples of tables: first the rows of `path`, then those of `val_path` and `test_path`.
 *
 * @param what   the format, for people
 * @param files  of each part, as the process can open them
 * @throws GradloomError E_TABLE_* or E_DATA_* with file, line and column
 */
export async function loadTable(
  what: string,
  files: Readonly<Record<'main' | 'val' | 'test', readonly string[]>>,
  config: TableConfig,
  reading: Reading,
  open: OpenTable,
): Promise<Samples> {
  const raw = await readTable(files, config, reading, open);
  const { layout, block, places } = raw;
  const { rows } = block;
  const where = printable(raw.file.path);
  const { classes, group, assigned, weights: weightSlot } = layout;
  const target = classes === undefined ? valueTarget(layout, block, where) : classTarget(classes, block, where);
  const own = rows - raw.ownVal - raw.ownTest;
  return {
    sampleCount: rows,
    target: target.target,
    targetNames: target.names,
    ...(classes !== undefined && { targetColumn: layout.targets[0] as string }),
    ownValCount: raw.ownVal,
    ownTestCount: raw.ownTest,
    ...(group !== undefined && { groups: groupsOf(group, block, rows - raw.ownTest) }),
    ...(assigned !== undefined && { assigned: partsOf(assigned, block, layout.assignedColumn ?? '', own, places) }),
    ...(weightSlot !== undefined && { weights: weightsOf(weightSlot, config.weights ?? '', block, places) }),
    placeOf: (sample) => {
      const { path, line } = places.of(sample);
      return `${printable(path)}:${line}`;
    },
    origin: `${what} ${[...files.main, ...files.val, ...files.test].map((file) => printable(file)).join(', ')}`,
    featuresFor: (train) => featuresFor(raw, config, train),
    featuresWith: (spec) => {
      for (const table of raw.tables) checkKnown(table, spec, namedColumns(config, reading));
      return encoded(raw, spec);
    },
  };
}

async function readTable(
  { main, val, test }: Readonly<Record<'main' | 'val' | 'test', readonly string[]>>,
  config: TableConfig,
  reading: Reading,
  open: OpenTable,
): Promise<RawTable> {
  const expected = namedColumns(config, reading);
  const file = await open(main[0] as string, expected);
  const layout = layOut(file, config, reading);
  const others: TableFile[] = [];
  for (const path of [...main.slice(1), ...val, ...test]) others.push(await open(path, file.hasNames ? file.names : expected));
  const tables = [file, ...others];
  // All columns are looked for before anything is read.
  for (const [i, table] of tables.entries()) rolesOf(table, layout, i >= main.length);
  const { block, grow } = await growingBlock(layout.widths, allRows(tables), printable(file.path));
  const places = new Places();
  const counts: number[] = [];
  for (const [i, table] of tables.entries()) {
    const before = block.rows;
    const roles = rolesOf(table, layout, i >= main.length);
    await tellingWords(table, roles, () => table.read(roles, block, places, grow));
    counts.push(block.rows - before);
    if (block.rows === before) throw emptyTable(table.path, table.hasNames);
  }
  const sum = (from: number, to: number): number => counts.slice(from, to).reduce((a, b) => a + b, 0);
  const valEnd = main.length + val.length;
  return { layout, block, places, ownVal: sum(main.length, valEnd), ownTest: sum(valEnd, counts.length), file, tables };
}

/** How many rows some tables have together. */
function allRows(tables: readonly TableFile[]): RowCount {
  const sum = (of: (count: RowCount) => number): number => tables.reduce((rows, { rowCount }) => rows + of(rowCount), 0);
  return {
    about: sum(({ about }) => about),
    most: sum(({ most }) => most),
    exact: async () => {
      let rows = 0;
      for (const { rowCount } of tables) rows += await rowCount.exact();
      return rows;
    },
  };
}

function featuresFor(raw: RawTable, config: TableConfig, train: Uint32Array): Features {
  const { layout, block, file } = raw;
  const spec = fitTable(layout, block, train, config, file);
  const width = featureCount(spec);
  const stored = block.features.subarray(0, block.rows * width);
  // What was read is what is stored, where nothing is to be added or filled.
  if (isPlain(spec) && isShared(stored) && (config.missing === 'error' || !stored.some(Number.isNaN)))
    return { features: stored, featureCount: width, sampleShape: [width], input: spec, scaling: 'zscore' };
  return encoded(raw, spec);
}

function encoded({ layout, block, places, file }: RawTable, spec: TableSpec): Features {
  const width = featureCount(spec);
  const features = new Float32Array(allocateShared(block.rows * width * Float32Array.BYTES_PER_ELEMENT, printable(file.path)));
  const names = spec.columns.flatMap((column) => (column.type === 'category' ? [column.categories] : []));
  const codes = layout.categories.map((dictionary, slot) => ({ dictionary, numbers: dictionary.placesIn(names[slot] ?? []) }));
  encodeRows(spec, block, places, codes, features);
  return { features, featureCount: width, sampleShape: [width], input: spec, scaling: 'zscore' };
}

/** @throws GradloomError E_TABLE_COLUMN for a column that neither the model nor the source has a use for: it could be one by another name */
function checkKnown(file: TableFile, { columns, ignored = [] }: TableSpec, named: readonly string[]): void {
  const taken = columns.map(({ name }) => name);
  const known = new Set([...taken, ...ignored, ...named]);
  const extra = file.names.filter((name) => !known.has(name));
  const [it, next] = extra.length === 1 ? ['it', 'add it'] : ['them', 'add them'];
  if (extra.length > 0) throw unknownColumns(file, extra, taken, `remove ${it}, or ${next} to drop of the source`);
}

function isShared(array: Float32Array): array is Float32Array<SharedArrayBuffer> {
  return array.buffer instanceof SharedArrayBuffer;
}

function weightsOf(slot: number, column: string, { others, widths, rows }: Block, places: Places): Float32Array<SharedArrayBuffer> {
  const weights = new Float32Array(allocateShared(rows * Float32Array.BYTES_PER_ELEMENT, 'data.source.weights'));
  for (let row = 0; row < rows; row++) {
    const weight = others[row * widths.others + slot] as number;
    if (!isWeight(weight))
      throw tableError({ code: 'E_WEIGHT_RANGE', ...places.of(row), column, message: `${weight}; ${EXPECTED_WEIGHT}` });
    weights[row] = weight;
  }
  return weights;
}
