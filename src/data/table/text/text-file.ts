import { GradloomError, printable } from '../../../errors.ts';
import { DEFLATE_RATIO } from '../../files/content.ts';
import { type Block, type ColumnRole, makeBlock, type Widths } from '../rows/block.ts';
import type { PlacedBlock, TableFile } from '../rows/file.ts';
import type { RowCount } from '../rows/growing.ts';
import { Places } from '../rows/places.ts';
import { NEWLINE, QUOTE, RETURN } from './bytes.ts';
import { type Chunks, fileChunks, plainChunks, sizeOf } from './content.ts';
import { type TextHead, type TextOptions, textHead } from './head.ts';
import { RECORD_LIMIT_BYTES, tooLong } from './record.ts';
import { Scanner } from './scanner.ts';

const HEAD_BYTES = 2 ** 16;
/** Rows that a guess allows for beyond what the start of a text tells. */
const SPARE = 1.02;
/** How many times shorter gzip makes a text, as a rule. */
const OFTEN_DEFLATED = 3;
/** Of a stream, which is read once. */
const UNKNOWN_ROWS: RowCount = { about: 0, most: Number.POSITIVE_INFINITY, exact: () => Promise.resolve(Number.POSITIVE_INFINITY) };

/**
 * Opens a text of rows: CSV and its kin, gzip or not.
 *
 * @param options  ways in which it may be written: the first in which the expected columns are there, or else the last one
 * @throws GradloomError with the place
 */
export async function openText(path: string, options: readonly TextOptions[]): Promise<TableFile> {
  const chunks = fileChunks(path);
  const start = await readHead(path, chunks, options);
  await chunks.return();
  const { about, most } = rowsOf(start, await sizeOf(path));
  const file = new TextFile(path, start.head, () => fileChunks(path), { about, most, exact: () => file.countRows() });
  return file;
}

/** The same of a stream, whose rows can be read once. @param name  stands for its path in errors */
export async function openTextStream(name: string, stream: AsyncIterable<Uint8Array>, options: readonly TextOptions[]): Promise<TableFile> {
  const chunks = plainChunks(stream, name);
  const { head, bytes } = await readHead(name, chunks, options);
  return new TextFile(name, head, () => chained(bytes, chunks), UNKNOWN_ROWS);
}

interface TextStart {
  head: TextHead;
  bytes: Uint8Array;
  /** They are the whole text. */
  isWhole: boolean;
}

/** How many rows a text has, by the length of those in its start, and at most. */
function rowsOf({ head, bytes, isWhole }: TextStart, file: Awaited<ReturnType<typeof sizeOf>>): Pick<RowCount, 'about' | 'most'> {
  const looked = bytes.subarray(head.start);
  const lines = linesIn(looked) + 1;
  // A row has a byte for each field at least: the delimiter, or the line end.
  const most = Math.ceil((file.bytes * (file.isGzip ? DEFLATE_RATIO : 1)) / head.names.length) + 1;
  if (isWhole || looked.length === 0) return { about: Math.min(lines, most), most };
  const whole = file.isGzip ? file.bytes * OFTEN_DEFLATED : file.bytes;
  return { about: Math.min(most, Math.ceil((lines * whole * SPARE) / looked.length)), most };
}

/** Line ends, of the kind that there is. */
function linesIn(bytes: Uint8Array): number {
  let lines = 0;
  for (const end of [NEWLINE, RETURN]) {
    for (let at = bytes.indexOf(end); at >= 0; at = bytes.indexOf(end, at + 1)) lines++;
    // Old files end their lines by the second; where both do, only one of them counts.
    if (lines > 0) break;
  }
  return lines;
}

async function readHead(
  path: string,
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  options: readonly TextOptions[],
): Promise<TextStart> {
  let parts: Uint8Array[] = [];
  let filled = 0;
  for (let wanted = HEAD_BYTES; ; wanted = 2 * filled) {
    let isWhole = false;
    while (filled < wanted && !isWhole) {
      const { value, done } = await chunks.next();
      if (done === true) isWhole = true;
      else {
        parts.push(Uint8Array.from(value));
        filled += value.length;
      }
    }
    const bytes = Buffer.concat(parts);
    parts = [bytes];
    const head = firstFit(options, (one) => textHead(path, bytes, isWhole, one));
    if (head !== undefined) return { head, bytes, isWhole };
    if (filled > RECORD_LIMIT_BYTES) throw tooLong(path, 1);
  }
}

function firstFit(options: readonly TextOptions[], read: (one: TextOptions) => TextHead | undefined): TextHead | undefined {
  for (const one of options.slice(0, -1)) {
    const head = read(one);
    const names = new Set(head?.names);
    if (head !== undefined && one.expected.every((name) => names.has(name))) return head;
  }
  const last = options.at(-1);
  return last === undefined ? undefined : read(last);
}

async function* chained(first: Uint8Array, rest: AsyncGenerator<Uint8Array, void, undefined>): AsyncGenerator<Uint8Array, void, undefined> {
  yield first;
  yield* rest;
}

class TextFile implements TableFile {
  readonly path: string;
  readonly names: readonly string[];
  readonly dialect: TextHead['dialect'];
  readonly hasNames: boolean;
  readonly #head: TextHead;
  readonly #chunks: () => Chunks;
  readonly rowCount: RowCount;

  constructor(path: string, head: TextHead, chunks: () => Chunks, rowCount: RowCount) {
    this.rowCount = rowCount;
    this.path = path;
    this.names = head.names;
    this.dialect = head.dialect;
    this.hasNames = head.hasNames;
    this.#head = head;
    this.#chunks = chunks;
  }

  /** The lines; where quotes could hold some of them, the records. */
  async countRows(): Promise<number> {
    let lines = 0;
    let returns = 0;
    for await (const chunk of this.#rows()) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      if (bytes.includes(QUOTE) || bytes.includes(0)) return await this.#countRecords();
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
      // Old files end their lines so; where both do, only one of them counts.
      if (lines < 1) for (let at = bytes.indexOf(RETURN); at >= 0; at = bytes.indexOf(RETURN, at + 1)) returns++;
    }
    return 1 + lines + returns;
  }

  async #countRecords(): Promise<number> {
    const block = makeBlock({ features: 0, others: 0, texts: 0 }, Number.MAX_SAFE_INTEGER);
    await this.read(
      this.names.map(() => ({ kind: 'skip' })),
      block,
    );
    return block.rows;
  }

  async read(roles: readonly ColumnRole[], block: Block, places?: Places, grow?: () => Promise<void>): Promise<void> {
    const scanner = this.#scanner(roles, places);
    const scanAll = async (): Promise<void> => {
      for (scanner.scan(block); scanner.hasLine; scanner.scan(block)) {
        const { capacity } = block;
        await grow?.();
        if (block.capacity === capacity) throw changed(this.path);
      }
    };
    for await (const chunk of this.#rows()) {
      scanner.push(chunk);
      await scanAll();
    }
    scanner.finish();
    await scanAll();
  }

  async *blocks(roles: readonly ColumnRole[], widths: Widths, rows: number): AsyncGenerator<PlacedBlock, void, undefined> {
    const empty = (): PlacedBlock => ({ ...makeBlock(widths, rows), places: new Places() });
    let current = empty();
    const scanner = this.#scanner(roles, current.places);
    function* full(): Generator<PlacedBlock, void, undefined> {
      for (scanner.scan(current); current.rows === rows; scanner.scan(current)) {
        yield current;
        current = empty();
        scanner.places = current.places;
      }
    }
    for await (const chunk of this.#rows()) {
      scanner.push(chunk);
      yield* full();
    }
    scanner.finish();
    yield* full();
    if (current.rows > 0) yield current;
  }

  #scanner(roles: readonly ColumnRole[], places: Places | undefined): Scanner {
    return new Scanner(this.path, this.names, roles, this.#head.dialect, this.#head.line, places);
  }

  /** The text behind its header. */
  async *#rows(): AsyncGenerator<Uint8Array, void, undefined> {
    let left = this.#head.start;
    for await (const chunk of this.#chunks()) {
      if (left >= chunk.length) left -= chunk.length;
      else {
        yield left === 0 ? chunk : chunk.subarray(left);
        left = 0;
      }
    }
  }
}

function changed(path: string): GradloomError {
  return new GradloomError({ code: 'E_DATA_READ', where: printable(path), message: 'was changed while it was read' });
}
