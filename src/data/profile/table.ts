import { createHash } from 'node:crypto';
import { openTable } from '../table/open.ts';
import type { ColumnRole, Widths } from '../table/rows/block.ts';
import { Dictionary, MISSING_CODE } from '../table/rows/dictionary.ts';
import type { PlacedBlock, TableFile } from '../table/rows/file.ts';

/** What a column of a table holds. */
export interface ColumnProfile {
  name: string;
  type: 'number' | 'text';
  missing: number;
  constant: boolean;
  /** Of numbers, as f32 has them. */
  min?: number;
  max?: number;
  mean?: number;
  /** Of numbers, as f32 has them, with how many rows have each; left out where there are more than a few. */
  classes?: { value: number; count: number }[];
  /** Of texts: how many different ones there are, and the most frequent of them. */
  distinct?: number;
  values?: { value: string; count: number }[];
}

export interface TableProfile {
  path: string;
  rows: number;
  columns: ColumnProfile[];
  /** Columns whose rows are all alike, two or more in each. */
  duplicated: string[][];
  /** What the numbers would take in memory as features, f32. */
  memory_bytes: number;
  /** The first rows, as they are understood. */
  head: (string | number | null)[][];
}

const BLOCK_ROWS = 4096;
const MOST_VALUES = 20;

/**
 * Looks through a table, text or Parquet: types, ranges, missing values, constant and equal columns.
 *
 * @param headRows  how many of the first rows are kept
 * @throws GradloomError of the format, with the place
 */
export async function profileTable(path: string, headRows: number): Promise<TableProfile> {
  const file = await openTable(path, [{ header: 'auto', delimiter: 'auto', decimal: '.', expected: [] }]);
  // Columns are numbers until a row says otherwise; then all is read once more.
  const texts = new Set<number>();
  for (;;) {
    const look = new Look(file, texts, headRows);
    for await (const block of file.blocks(look.roles, look.widths, BLOCK_ROWS)) look.add(block);
    if (look.found.size === 0) return look.profile();
    for (const column of look.found) texts.add(column);
  }
}

interface Running {
  hash: ReturnType<typeof createHash>;
  missing: number;
  min: number;
  max: number;
  sum: number;
  counts: number[];
  /** Of numbers, until there are too many. */
  classes: Map<number, number> | undefined;
}

/** One pass over the rows. */
class Look {
  readonly roles: ColumnRole[];
  readonly widths: Widths = { features: 0, others: 0, texts: 0 };
  /** Columns that turned out to hold texts. */
  readonly found = new Set<number>();
  readonly #file: TableFile;
  readonly #running: Running[];
  readonly #head: TableProfile['head'] = [];
  readonly #headRows: number;
  #rows = 0;

  constructor(file: TableFile, texts: ReadonlySet<number>, headRows: number) {
    this.#file = file;
    this.#headRows = headRows;
    this.roles = file.names.map((_, i): ColumnRole => {
      if (!texts.has(i) && file.textColumns?.has(i) !== true)
        return { kind: 'number', to: 'features', slot: this.widths.features++, missing: 'allowed', onText: () => this.found.add(i) };
      return { kind: 'text', slot: this.widths.texts++, dictionary: new Dictionary(), missing: 'allowed', unknown: 'error', use: 'other' };
    });
    this.#running = file.names.map(() => ({
      hash: createHash('sha256'),
      missing: 0,
      min: Number.POSITIVE_INFINITY,
      max: Number.NEGATIVE_INFINITY,
      sum: 0,
      counts: [],
      classes: new Map(),
    }));
  }

  add(block: PlacedBlock): void {
    this.#rows += block.rows;
    for (let row = 0; row < block.rows && this.#head.length < this.#headRows; row++) this.#head.push(this.#shown(block, row));
    for (const [i, role] of this.roles.entries()) {
      const running = this.#running[i] as Running;
      if (role.kind === 'number') this.#addNumbers(block, role.slot, running);
      else if (role.kind === 'text') this.#addTexts(block, role.slot, running);
    }
  }

  #addNumbers(block: PlacedBlock, slot: number, running: Running): void {
    const values = new Float32Array(block.rows);
    for (let row = 0; row < block.rows; row++) {
      const value = block.features[row * this.widths.features + slot] as number;
      values[row] = value;
      if (Number.isNaN(value)) {
        running.missing++;
        continue;
      }
      running.sum += value;
      running.classes?.set(value, (running.classes.get(value) ?? 0) + 1);
      if ((running.classes?.size ?? 0) > MOST_VALUES) running.classes = undefined;
      if (value < running.min) running.min = value;
      if (value > running.max) running.max = value;
    }
    running.hash.update(values);
  }

  #addTexts(block: PlacedBlock, slot: number, running: Running): void {
    const codes = new Uint32Array(block.rows);
    for (let row = 0; row < block.rows; row++) {
      const code = block.codes[row * this.widths.texts + slot] as number;
      codes[row] = code;
      if (code === MISSING_CODE) running.missing++;
      else running.counts[code - 1] = (running.counts[code - 1] ?? 0) + 1;
    }
    running.hash.update(codes);
  }

  #shown(block: PlacedBlock, row: number): TableProfile['head'][number] {
    return this.roles.map((role) => {
      if (role.kind === 'number') {
        const value = block.features[row * this.widths.features + role.slot] as number;
        return Number.isNaN(value) ? null : value;
      }
      if (role.kind !== 'text') return null;
      return role.dictionary.names[(block.codes[row * this.widths.texts + role.slot] as number) - 1] ?? null;
    });
  }

  profile(): TableProfile {
    const columns = this.#file.names.map((name, i) => this.#column(name, i));
    const alike = new Map<string, string[]>();
    for (const [i, { hash }] of this.#running.entries()) {
      const role = this.roles[i];
      // Texts are told apart by their names too: the same codes may stand for others.
      const names = role?.kind === 'text' ? JSON.stringify(role.dictionary.names) : '';
      const digest = hash.update(names).digest('hex');
      alike.set(digest, [...(alike.get(digest) ?? []), this.#file.names[i] ?? '']);
    }
    return {
      path: this.#file.path,
      rows: this.#rows,
      columns,
      duplicated: this.#rows < 2 ? [] : [...alike.values()].filter((names) => names.length > 1),
      memory_bytes: this.#rows * this.widths.features * Float32Array.BYTES_PER_ELEMENT,
      head: this.#head,
    };
  }

  #column(name: string, i: number): ColumnProfile {
    const { missing, min, max, sum, counts, classes } = this.#running[i] as Running;
    const role = this.roles[i];
    if (role?.kind === 'text') {
      const values = counts
        .map((count, code) => ({ value: role.dictionary.names[code] ?? '', count }))
        .toSorted((a, b) => b.count - a.count);
      return { name, type: 'text', missing, constant: values.length < 2, distinct: values.length, values: values.slice(0, MOST_VALUES) };
    }
    const there = this.#rows - missing;
    const some = classes && [...classes].map(([value, count]) => ({ value, count })).toSorted((a, b) => a.value - b.value);
    return {
      name,
      type: 'number',
      missing,
      constant: !(min < max),
      ...(there > 0 && { min, max, mean: sum / there, ...(some && { classes: some }) }),
    };
  }
}
