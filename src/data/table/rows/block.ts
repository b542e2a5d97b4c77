import type { Dictionary } from './dictionary.ts';

/** What becomes of a column of a file. */
export type ColumnRole =
  | { kind: 'skip' }
  /** Numbers: a column of `features`, or of `others`. A missing one is NaN. */
  | NumberRole
  /** Texts: codes of a dictionary. A missing one is MISSING_CODE. */
  | TextRole;

export interface NumberRole {
  kind: 'number';
  to: 'features' | 'others';
  slot: number;
  missing: 'allowed' | 'error';
  /** Told of a text where a number should be, which is then missing; without it that is an error. */
  onText?: (text: string) => void;
}

export interface TextRole {
  kind: 'text';
  slot: number;
  dictionary: Dictionary;
  missing: 'allowed' | 'error';
  /** What becomes of a text that is not in a closed dictionary: an error, or UNKNOWN_CODE. */
  unknown: 'error' | 'zeros';
  use: 'feature' | 'class' | 'other';
}

/** Widths of what rows are read into. */
export interface Widths {
  features: number;
  others: number;
  texts: number;
}

/** Rows as they were read, row-major. */
export interface Block {
  /** [capacity, features]. */
  features: Float32Array;
  /** [capacity, others]. */
  others: Float32Array;
  /** [capacity, texts]. */
  codes: Uint32Array;
  widths: Readonly<Widths>;
  capacity: number;
  /** Rows that are filled. */
  rows: number;
}

/** @param allocate  memory for the arrays */
export function makeBlock(
  widths: Readonly<Widths>,
  capacity: number,
  allocate = (bytes: number): ArrayBufferLike => new ArrayBuffer(bytes),
): Block {
  const { features, others, texts } = widths;
  return {
    features: new Float32Array(allocate(capacity * features * Float32Array.BYTES_PER_ELEMENT)),
    others: new Float32Array(allocate(capacity * others * Float32Array.BYTES_PER_ELEMENT)),
    codes: new Uint32Array(allocate(capacity * texts * Uint32Array.BYTES_PER_ELEMENT)),
    widths,
    capacity,
    rows: 0,
  };
}
