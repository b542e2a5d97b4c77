import type { GradloomError } from '../../../errors.ts';
import { decode } from '../rows/dictionary.ts';
import { emptyTable, shown, tableError } from '../rows/faults.ts';
import { checkNames } from '../rows/names.ts';
import { type Dialect, findDelimiter, firstRecords, isHeader } from './dialect.ts';
import { unclosed } from './record.ts';

/** What is known of a text before it is looked at. */
export interface TextOptions {
  header: 'auto' | boolean;
  delimiter: string;
  decimal: '.' | ',';
  /** Names of columns that the experiment or a model asks for: where one stands in the first record, that is the header. */
  expected: readonly string[];
}

/** What the start of a text says. */
export interface TextHead {
  names: string[];
  dialect: Dialect;
  hasNames: boolean;
  /** Where the first row starts, in bytes, and its line. */
  start: number;
  line: number;
}

const BOM = '\xef\xbb\xbf';

const SAVE = 'save the table as CSV';

/**
 * What other files begin with, a character a byte. Fewer than in `files/formats.ts`, which names files that could not be read: these are
 * refused before they are, so nothing that a table could begin with (`ORC`, `[`) may stand here.
 */
const FOREIGN: readonly [mark: string, name: string, next: string][] = [
  ['\xff\xfe', 'UTF-16 text', 'save it as UTF-8: iconv -f utf-16 -t utf-8 OLD > NEW'],
  ['\xfe\xff', 'UTF-16 text', 'save it as UTF-8: iconv -f utf-16 -t utf-8 OLD > NEW'],
  ['PAR1', 'a Parquet table', 'set data.source.type: parquet'],
  ['\x93NUMPY', 'a NumPy array (.npy)', 'set data.source.type: npy'],
  ['PK\x03\x04', 'a zip archive (or an Excel workbook, or .npz)', SAVE],
  ['\xd0\xcf\x11\xe0', 'an old Excel workbook (.xls)', SAVE],
  ['\x89HDF', 'an HDF5 file', SAVE],
  ['SQLite format 3', 'an SQLite database', SAVE],
  ['ARROW1', 'an Arrow table', 'save the table as CSV or Parquet'],
  [
    '\x80',
    'a Python pickle, which could run code and is refused',
    'save it where you trust it: pandas.read_pickle(FILE).to_csv("out.csv", index=False)',
  ],
  ['\x89PNG', 'a picture', 'set data.source.type: images'],
  ['\xff\xd8\xff', 'a picture', 'set data.source.type: images'],
  ['BZh', 'a file compressed by bzip2', 'decompress it; of compressed files only gzip is read'],
  ['\xfd7zXZ', 'a file compressed by xz', 'decompress it; of compressed files only gzip is read'],
  ['\x28\xb5\x2f\xfd', 'a file compressed by zstd', 'decompress it; of compressed files only gzip is read'],
  ['\x1f\x8b', 'gzip within gzip', 'decompress it once'],
  ['%PDF', 'a PDF document', SAVE],
  ['version https://git-lfs', 'a pointer of Git LFS, not the file itself', 'git lfs pull'],
];

/** What texts begin with that are no tables. */
const TEXTS: readonly [mark: RegExp, name: string, next: string][] = [
  [/^\s*<(?:!doctype|html|\?xml)/i, 'a web page or XML', 'get the file again: the server sent a page in its place'],
  [/^\s*(?:\[\s*[[{]|\{)/, 'JSON', SAVE],
  [/^@relation/i, 'an ARFF table', SAVE],
];

/**
 * Tells how a text is written by its start.
 *
 * @param bytes    the start
 * @param isWhole  it is the whole text
 * @returns undefined if not even one record is complete: more of the text is needed
 * @throws GradloomError E_DATA_MAGIC, E_DATA_EMPTY, E_TABLE_FORMAT or E_TABLE_COLUMN
 */
export function textHead(path: string, bytes: Uint8Array, isWhole: boolean, options: TextOptions): TextHead | undefined {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const foreign = FOREIGN.find(([mark]) => all.startsWith(mark)) ?? TEXTS.find(([mark]) => mark.test(all.slice(0, 512)));
  if (foreign !== undefined) {
    const message = `this is ${foreign[1]}; expected a table in text (CSV)`;
    throw tableError({ code: 'E_DATA_MAGIC', path, message, next: foreign[2] });
  }
  checkNul(path, all);
  const skipped = all.startsWith(BOM) ? BOM.length : 0;
  const text = all.slice(skipped);
  const delimiter = options.delimiter === 'auto' ? findDelimiter(text, options.decimal, isWhole) : options.delimiter;
  const dialect = { delimiter, decimal: options.decimal };
  const records = firstRecords(text, delimiter, isWhole);
  const first = records[0];
  if (first === undefined) {
    if (!isWhole) return undefined;
    throw emptyText(path, text);
  }
  const hasNames = options.header === 'auto' ? isHeader(records, options.expected, options.decimal) : options.header;
  if (!hasNames) return { names: first.fields.map((_, i) => `x${i}`), dialect, hasNames, start: skipped, line: 1 };
  const names = first.fields.map((field) => nameOf(path, first.line, field));
  checkNames(path, names, first.line);
  return { names, dialect, hasNames, start: skipped + first.end, line: first.nextLine };
}

function checkNul(path: string, text: string): void {
  const at = text.indexOf('\0');
  if (at < 0) return;
  const line = text.slice(0, at).split('\n').length;
  const next = 'name a text file; UTF-16 becomes UTF-8 by iconv -f utf-16 -t utf-8 OLD > NEW';
  throw tableError({ code: 'E_TABLE_FORMAT', path, line, message: 'a NUL byte; expected text', next });
}

function emptyText(path: string, text: string): GradloomError {
  if (text.trim() === '') return emptyTable(path, false);
  return unclosed(path, 1);
}

function nameOf(path: string, line: number, field: string): string {
  try {
    return decode(Buffer.from(field, 'latin1'));
  } catch {
    const next = 'save the file as UTF-8: iconv -f latin1 -t utf-8 OLD > NEW';
    const message = `the name ${shown(field)} is not UTF-8`;
    throw tableError({ code: 'E_TABLE_FORMAT', path, line, message, next });
  }
}
