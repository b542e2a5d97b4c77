import type { Outputs } from './outputs.ts';

/** How predictions are written. */
export type PredictionFormat = 'csv' | 'jsonl' | 'npy';

export interface FormatOptions {
  /** With the probability of each class. @default false */
  proba?: boolean | undefined;
  /** With so many of the likeliest classes. @default none */
  top?: number | undefined;
  /** With the name of the file that a row is, in a column `file`. @default false */
  files?: boolean | undefined;
}

/** Turns outputs into bytes, row after row. */
export interface Formatter {
  /** What stands before the rows. */
  head(rows: number): Uint8Array;
  /** Whether the head needs the number of rows, which is known at the end: it is as long for any. */
  readonly countsRows: boolean;
  /** @param file  name of the file that the row is */
  add(outputs: Float32Array, at: number, file?: string): void;
  /** What was added since the last call. */
  take(): Uint8Array;
}

export function formatterOf(format: PredictionFormat, outputs: Outputs, options: FormatOptions = {}): Formatter {
  if (format === 'npy') return new NpyFormatter(outputs, options.proba === true);
  return format === 'csv' ? new CsvFormatter(outputs, options) : new JsonFormatter(outputs, options);
}

interface Likely {
  class: string;
  probability: number;
}

/** The likeliest classes, the likeliest first; of equal ones the lower number. */
function likeliest(numbers: Float64Array, classes: readonly string[], count: number): Likely[] {
  const order = Array.from(numbers.keys()).sort((a, b) => (numbers[b] as number) - (numbers[a] as number) || a - b);
  return order.slice(0, count).map((k) => ({ class: classes[k] ?? String(k), probability: numbers[k] as number }));
}

const encoder = new TextEncoder();

abstract class TextFormatter implements Formatter {
  readonly countsRows = false;
  protected readonly outputs: Outputs;
  protected readonly options: FormatOptions;
  /** Of the row at hand, where they are written. */
  protected readonly numbers: Float64Array;
  readonly #hasNumbers: boolean;
  #text = '';

  constructor(outputs: Outputs, options: FormatOptions) {
    this.outputs = outputs;
    this.options = options;
    this.numbers = new Float64Array(outputs.width);
    this.#hasNumbers = outputs.classes === undefined || options.proba === true || (options.top ?? 0) > 0;
  }

  abstract head(): Uint8Array;
  protected abstract line(label: number, file: string): string;

  add(outputs: Float32Array, at: number, file = ''): void {
    if (this.#hasNumbers) this.outputs.numbersAt(outputs, at, this.numbers);
    this.#text += `${this.line(this.outputs.classes === undefined ? 0 : this.outputs.labelAt(outputs, at), file)}\n`;
  }

  take(): Uint8Array {
    const bytes = encoder.encode(this.#text);
    this.#text = '';
    return bytes;
  }
}

class CsvFormatter extends TextFormatter {
  head(): Uint8Array {
    const { classes, targets } = this.outputs;
    const { top = 0, proba, files } = this.options;
    const first = files === true ? ['file'] : [];
    if (classes === undefined) return csvLine([...first, ...(targets.length === 1 ? ['prediction'] : targets)]);
    const tops = Array.from({ length: Math.min(top, classes.length) }, (_, i) => [`top_${i + 1}`, `top_${i + 1}_p`]).flat();
    return csvLine([...first, 'prediction', ...tops, ...(proba === true ? classes.map((name) => `p_${name}`) : [])]);
  }

  protected line(label: number, file: string): string {
    const { classes } = this.outputs;
    const { top = 0, proba, files } = this.options;
    const first = files === true ? [csvText(file)] : [];
    if (classes === undefined) return [...first, ...this.numbers].join(',');
    const tops = top === 0 ? [] : likeliest(this.numbers, classes, top).flatMap((one) => [csvText(one.class), String(one.probability)]);
    return [...first, csvText(classes[label] ?? String(label)), ...tops, ...(proba === true ? this.numbers : [])].join(',');
  }
}

function csvLine(cells: readonly string[]): Uint8Array {
  return encoder.encode(`${cells.map(csvText).join(',')}\n`);
}

/** A cell of RFC 4180. */
function csvText(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

class JsonFormatter extends TextFormatter {
  head(): Uint8Array {
    return new Uint8Array();
  }

  protected line(label: number, file: string): string {
    const { classes, targets } = this.outputs;
    const { top = 0, proba, files } = this.options;
    const first = files === true ? { file } : {};
    if (classes === undefined) return JSON.stringify({ ...first, prediction: targets.length === 1 ? this.numbers[0] : [...this.numbers] });
    return JSON.stringify({
      ...first,
      prediction: classes[label] ?? String(label),
      label,
      ...(top > 0 && { top: likeliest(this.numbers, classes, top) }),
      ...(proba === true && { probabilities: [...this.numbers] }),
    });
  }
}

const NPY_HEAD_BYTES = 128;

/** Class numbers as int64, or with `proba` f64 [rows, classes]; predicted numbers as f32, [rows] or [rows, targets]. */
class NpyFormatter implements Formatter {
  readonly countsRows = true;
  readonly #outputs: Outputs;
  readonly #hasProba: boolean;
  readonly #numbers: Float64Array;
  #values: number[] = [];

  constructor(outputs: Outputs, hasProba: boolean) {
    this.#outputs = outputs;
    this.#hasProba = hasProba;
    this.#numbers = new Float64Array(outputs.width);
  }

  /** @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
  head(rows: number): Uint8Array {
    const width = this.#outputs.classes !== undefined && !this.#hasProba ? 1 : this.#outputs.width;
    const descr = this.#outputs.classes === undefined ? '<f4' : this.#hasProba ? '<f8' : '<i8';
    const isMatrix = this.#hasProba || width > 1;
    const shape = isMatrix ? `(${rows}, ${width})` : `(${rows},)`;
    const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
    const bytes = new Uint8Array(NPY_HEAD_BYTES).fill(0x20);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, NPY_HEAD_BYTES - 10, 0]);
    bytes.set(encoder.encode(text), 10);
    bytes[NPY_HEAD_BYTES - 1] = 0x0a;
    return bytes;
  }

  add(outputs: Float32Array, at: number): void {
    if (this.#outputs.classes !== undefined && !this.#hasProba) {
      this.#values.push(this.#outputs.labelAt(outputs, at));
      return;
    }
    this.#outputs.numbersAt(outputs, at, this.#numbers);
    this.#values.push(...this.#numbers);
  }

  take(): Uint8Array {
    const values = this.#values;
    this.#values = [];
    if (this.#outputs.classes === undefined) return new Uint8Array(Float32Array.from(values).buffer);
    if (this.#hasProba) return new Uint8Array(Float64Array.from(values).buffer);
    return new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  }
}
