import {
  type AsyncBuffer,
  type DecodedArray,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type RowGroup,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet';
import { type ErrorCode, GradloomError, isOfMachine, printable, printableSentence } from '../../../errors.ts';
import { openForReading, readError } from '../../../storage/read.ts';
import { tellReading } from '../../files/reading.ts';
import { type Block, type ColumnRole, makeBlock, type Widths } from '../rows/block.ts';
import { asCategories, listed, tableError } from '../rows/faults.ts';
import type { PlacedBlock, TableFile } from '../rows/file.ts';
import type { RowCount } from '../rows/growing.ts';
import { checkNames } from '../rows/names.ts';
import { Places } from '../rows/places.ts';
import { COMPRESSORS, checkPages, isKnownCodec } from './pages.ts';
import { fillColumn, kindOf } from './values.ts';

/** Rows of a row group that are read at once; writers put a million or so into one. */
const GROUP_LIMIT_ROWS = 2 ** 26;
/** `PAR1`, a length and `PAR1` again. */
const LEAST_BYTES = 12;
const MARK = 'PAR1';

/** Opens a Parquet file. @throws GradloomError E_DATA_READ, E_DATA_MAGIC, E_DATA_LENGTH for a damaged one, E_TABLE_COLUMN */
export async function openParquet(path: string): Promise<TableFile> {
  return await withFile(path, async (file) => {
    const ends =
      file.byteLength < LEAST_BYTES ? ['', ''] : [await textOf(file, 0, 4), await textOf(file, file.byteLength - 4, file.byteLength)];
    if (ends[0] !== MARK) {
      const message = 'no Parquet file: it does not begin with PAR1';
      throw tableError({ code: 'E_DATA_MAGIC', path, message, next: 'name a Parquet file; for text set data.source.type: csv' });
    }
    if (ends[1] !== MARK) throw damaged(path, 'it does not end with PAR1');
    const metadata = await parquetMetadataAsync(file, { geoparquet: false });
    const tree = parquetSchema(metadata);
    checkNames(path, namesOf(path, tree));
    checkGroups(path, metadata, file.byteLength);
    return new ParquetFile(path, metadata, tree);
  });
}

/** The type says that each has a name; a damaged file has others. */
function namesOf(path: string, { children }: SchemaTree): string[] {
  return children.map(({ element }, i) => {
    const name: unknown = element.name;
    if (typeof name !== 'string') throw damaged(path, `column ${i + 1} has no name`);
    return name;
  });
}

/** What the metadata says is looked at before anything is read by it. */
function checkGroups(path: string, { row_groups: groups, num_rows: total }: FileMetaData, bytes: number): void {
  let sum = 0n;
  for (const { num_rows: rows, columns } of groups) {
    if (typeof rows !== 'bigint' || rows < 0n) throw damaged(path, `a row group of ${rows} rows`);
    if (rows > BigInt(GROUP_LIMIT_ROWS)) {
      const message = `a row group of ${rows} rows; the limit is ${GROUP_LIMIT_ROWS}`;
      throw tableError({ code: 'E_DATA_TOO_LARGE', path, message, next: 'write it with smaller row groups: row_group_size=1000000' });
    }
    sum += rows;
    for (const { meta_data: column } of columns) {
      if (column === undefined) throw damaged(path, 'a column without metadata, or encrypted');
      const start = Number(column.dictionary_page_offset ?? column.data_page_offset);
      const size = Number(column.total_compressed_size);
      if (!(start >= 0 && size >= 0 && start + size <= bytes))
        throw damaged(path, `column ${column.path_in_schema.join('.')} lies outside of the file`);
    }
  }
  if (sum !== total) throw damaged(path, `${total} rows; its row groups have ${sum}`);
}

class ParquetFile implements TableFile {
  readonly path: string;
  readonly names: readonly string[];
  readonly hasNames = true;
  readonly textColumns: ReadonlySet<number>;
  readonly rowCount: RowCount;
  readonly #metadata: FileMetaData;
  readonly #columns: readonly SchemaTree[];

  constructor(path: string, metadata: FileMetaData, { children }: SchemaTree) {
    this.path = path;
    this.names = children.map(({ element }) => element.name);
    this.#metadata = metadata;
    this.#columns = children;
    const rows = Number(metadata.num_rows);
    this.rowCount = { about: rows, most: rows, exact: () => Promise.resolve(rows) };
    this.textColumns = new Set(children.flatMap((child, i) => (isText(child) ? [i] : [])));
  }

  async read(roles: readonly ColumnRole[], block: Block, places?: Places): Promise<void> {
    this.#checkColumns(roles);
    await withFile(this.path, async (file) => {
      let first = 0;
      for (const group of this.#metadata.row_groups) {
        const count = Number(group.num_rows);
        await this.#readRows(file, roles, group, first, block);
        for (let i = 0; i < count; i++) places?.add(this.path, first + i + 1);
        block.rows += count;
        first += count;
        tellReading(this.path, first, this.rowCount.most);
      }
    });
  }

  async *blocks(roles: readonly ColumnRole[], widths: Widths, rows: number): AsyncGenerator<PlacedBlock, void, undefined> {
    this.#checkColumns(roles);
    let first = 0;
    for (const group of this.#metadata.row_groups) {
      const count = Number(group.num_rows);
      const whole = makeBlock(widths, count);
      await withFile(this.path, async (file) => this.#readRows(file, roles, group, first, whole));
      for (let from = 0; from < count; from += rows) {
        const part = Math.min(rows, count - from);
        const places = new Places();
        for (let i = 0; i < part; i++) places.add(this.path, first + from + i + 1);
        yield {
          features: whole.features.subarray(from * widths.features, (from + part) * widths.features),
          others: whole.others.subarray(from * widths.others, (from + part) * widths.others),
          codes: whole.codes.subarray(from * widths.texts, (from + part) * widths.texts),
          widths,
          capacity: part,
          rows: part,
          places,
        };
      }
      first += count;
      tellReading(this.path, first, this.rowCount.most);
    }
  }

  #checkColumns(roles: readonly ColumnRole[]): void {
    for (const [i, { element, children }] of this.#columns.entries()) {
      const role = roles[i];
      if (role === undefined || role.kind === 'skip') continue;
      const kind = children.length > 0 || element.repetition_type === 'REPEATED' ? undefined : kindOf(element);
      if (kind !== undefined && (role.kind === 'text' || kind !== 'text')) continue;
      throw unfit(this.path, element, kind, this.#textFeatures(roles));
    }
  }

  /** Names of the columns of texts that were to be features of numbers. */
  #textFeatures(roles: readonly ColumnRole[]): string[] {
    return this.names.filter((_, i) => {
      const role = roles[i];
      return role?.kind === 'number' && role.to === 'features' && this.textColumns.has(i);
    });
  }

  /** Reads the columns of a row group into the rows behind those that the block has. */
  async #readRows(file: AsyncBuffer, roles: readonly ColumnRole[], group: RowGroup, first: number, block: Block): Promise<void> {
    const rows = Number(group.num_rows);
    if (rows === 0) return;
    for (const [i, name] of this.names.entries()) {
      const role = roles[i];
      if (role === undefined || role.kind === 'skip') continue;
      const column = group.columns.find(
        ({ meta_data: data }) => data?.path_in_schema.length === 1 && data.path_in_schema[0] === name,
      )?.meta_data;
      if (column === undefined) throw damaged(this.path, `column ${printable(name)} is not in every row group`);
      if (!isKnownCodec(column.codec)) throw unknownCodec(this.path, name, column.codec);
      const start = Number(column.dictionary_page_offset ?? column.data_page_offset);
      checkPages(await file.slice(start, start + Number(column.total_compressed_size)), column.codec, rows, {
        isOptional: this.#columns[i]?.element.repetition_type === 'OPTIONAL',
        isBoolean: column.type === 'BOOLEAN',
      });
      const parts: { values: DecodedArray; row: number }[] = [];
      await parquetRead({
        file,
        metadata: this.#metadata,
        columns: [name],
        rowStart: first,
        rowEnd: first + rows,
        compressors: COMPRESSORS,
        geoparquet: false,
        // What is thrown in here would reach nobody.
        onChunk: ({ columnData, rowStart }) => parts.push({ values: columnData, row: rowStart }),
      });
      let filled = 0;
      for (const { values, row } of parts) {
        filled += values.length;
        if (row < first || row - first + values.length > rows)
          throw damaged(this.path, `column ${printable(name)} has more values than rows`);
        fillColumn(values, role, block, block.rows + row - first, { path: this.path, row, name });
      }
      if (filled !== rows) throw damaged(this.path, `column ${printable(name)} has ${filled} values in a row group of ${rows} rows`);
    }
  }
}

function isText({ children, element }: SchemaTree): boolean {
  return children.length === 0 && kindOf(element) === 'text';
}

/** Opens a file for as long as some work takes; what a decoder throws becomes an error of the file. */
async function withFile<T>(path: string, work: (file: AsyncBuffer) => Promise<T>): Promise<T> {
  const { handle, bytes } = await openForReading(path);
  const slice = async (start: number, end = bytes): Promise<ArrayBuffer> => {
    if (!(start >= 0 && end >= start && end <= bytes)) throw damaged(path, `bytes ${start} to ${end} of ${bytes}`);
    const buffer = new ArrayBuffer(end - start);
    let filled = 0;
    while (filled < buffer.byteLength) {
      const { bytesRead } = await handle
        .read(new Uint8Array(buffer), filled, buffer.byteLength - filled, start + filled)
        .catch((error: unknown) => {
          throw readError(path, error);
        });
      if (bytesRead === 0) throw damaged(path, 'it became shorter while it was read');
      filled += bytesRead;
    }
    return buffer;
  };
  try {
    return await work({ byteLength: bytes, slice });
  } catch (error) {
    if (error instanceof GradloomError || isOfMachine(error)) throw error;
    throw damaged(path, printableSentence(error instanceof Error ? error.message : String(error)), error);
  } finally {
    await handle.close();
  }
}

async function textOf(file: AsyncBuffer, start: number, end: number): Promise<string> {
  return Buffer.from(await file.slice(start, end)).toString('latin1');
}

function damaged(path: string, problem: string, cause?: unknown): GradloomError {
  return new GradloomError({
    code: 'E_DATA_LENGTH',
    where: printable(path),
    message: `damaged Parquet file: ${problem}`,
    next: 'get the file again; it was cut short or changed',
    cause,
  });
}

function unknownCodec(path: string, column: string, codec: string): GradloomError {
  const message = `compressed by ${codec}, which Node ${process.versions.node} does not know`;
  const next = codec === 'ZSTD' ? 'use Node 22.15 or later, or write the file with snappy or gzip' : 'write the file with snappy or gzip';
  return tableError({ code: 'E_DATA_MAGIC', path, column, message, next });
}

/** @param texts  all columns with the fault of one that has texts and is a feature */
function unfit(path: string, element: SchemaElement, kind: ReturnType<typeof kindOf>, texts: readonly string[]): GradloomError {
  const code: Extract<ErrorCode, 'E_TABLE_VALUE'> = 'E_TABLE_VALUE';
  if (kind === 'text') {
    const next = texts.includes(element.name) ? asCategories(texts) : 'for classes set loss: softmax_cross_entropy';
    if (texts.length > 1 && texts.includes(element.name))
      return tableError({ code, path, message: `columns ${listed(texts)}: texts; expected numbers`, next });
    return tableError({ code, path, column: element.name, message: 'texts; expected numbers', next });
  }
  const type = element.logical_type?.type ?? element.converted_type ?? element.type ?? 'nested';
  const message = `values of type ${type}${element.num_children === undefined ? '' : ', which are nested'}; expected numbers or texts`;
  return tableError({ code, path, column: element.name, message, next: 'add it to data.source.drop, or write it as columns of numbers' });
}
