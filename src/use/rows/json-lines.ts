import type { Preprocess } from '../../data/preprocess/preprocess.ts';
import { GradloomError, printable } from '../../errors.ts';
import type { RowBatch } from './encode.ts';
import { type RowEncoder, rowEncoder } from './encode.ts';
import { RowFault, rowError } from './values.ts';

/** Rows that are answered together, at most, where more have come. */
const BATCH_ROWS = 1024;
/** A row of a hundred thousand numbers takes a fifth of it. */
const LONGEST_LINE = 2 ** 24;

/** Rows of JSON, one a line: a list of values, or an object by column name. What has come is given on at once. */
export async function* jsonLineRows(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  preprocess: Preprocess,
  width: number,
): AsyncGenerator<RowBatch, void, undefined> {
  const rows = new Rows(name, rowEncoder(preprocess, width));
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

class Rows {
  /** Lines so far. */
  line = 0;
  readonly #name: string;
  readonly #encoder: RowEncoder;
  readonly #features: Float32Array | Uint8Array;

  constructor(name: string, encoder: RowEncoder) {
    this.#name = name;
    this.#encoder = encoder;
    const values = BATCH_ROWS * encoder.width;
    this.#features = encoder.stored === 'u8' ? new Uint8Array(values) : new Float32Array(values);
  }

  /** The rows of lines; empty ones are passed over. Those before a bad one are given before it is told. */
  *take(lines: readonly string[]): Generator<RowBatch, void, undefined> {
    let rows = 0;
    for (const line of lines) {
      this.line++;
      if (line.trim() === '') continue;
      try {
        this.#encoder.encode(parsed(line), this.#features, rows * this.#encoder.width);
      } catch (error) {
        if (!(error instanceof RowFault)) throw error;
        if (rows > 0) yield { rows, features: this.#features };
        throw rowError(`${printable(this.#name)}:${this.line}`, error);
      }
      rows++;
      if (rows < BATCH_ROWS) continue;
      yield { rows, features: this.#features };
      rows = 0;
    }
    if (rows > 0) yield { rows, features: this.#features };
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
