import type { Preprocess } from '../../data/preprocess/preprocess.ts';
import { GradloomError, printable } from '../../errors.ts';
import { RowBatches } from './batches.ts';
import { type RowBatch, type RowEncoder, rowEncoder } from './encode.ts';
import { RowFault, rowError } from './values.ts';

/** A row of a hundred thousand numbers takes a fifth of it. */
const LONGEST_LINE = 2 ** 24;

/** Rows of JSON, one a line: a list of values, or an object by column name. What has come is given on at once. */
export async function* jsonLineRows(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  preprocess: Preprocess,
  width: number,
): AsyncGenerator<RowBatch, void, undefined> {
  const rows = new Lines(name, rowEncoder(preprocess, width));
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw new GradloomError({
        code: 'E_ROW',
        where: `${printable(name)}:${rows.line + 1}`,
        message: 'not UTF-8; expected lines of JSON',
        next: 'write one list or object a line, as UTF-8; give other formats as a file by --input FILE',
      });
    }
  };
  for await (const chunk of chunks) {
    const lines = (rest + decode(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE)
      throw rowError(`${printable(name)}:${rows.line + lines.length + 1}`, new RowFault(`a line of more than ${LONGEST_LINE} characters`));
    yield* rows.take(lines);
  }
  yield* rows.take([rest + decode()]);
}

class Lines {
  /** Lines so far. */
  line = 0;
  readonly #name: string;
  readonly #batches: RowBatches;

  constructor(name: string, encoder: RowEncoder) {
    this.#name = name;
    this.#batches = new RowBatches(encoder);
  }

  /** The rows of lines; empty ones are passed over. */
  take(lines: readonly string[]): Generator<RowBatch, void, undefined> {
    return this.#batches.take(this.#filled(lines), () => `${printable(this.#name)}:${this.line}`, parsed);
  }

  *#filled(lines: readonly string[]): Generator<string, void, undefined> {
    for (const line of lines) {
      this.line++;
      if (line.trim() !== '') yield line;
    }
  }
}

/** @throws RowFault */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new RowFault(printable(`not a line of JSON: ${(error as Error).message}`, 200), { next: 'write one list or object a line' });
  }
}
