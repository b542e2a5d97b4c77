import { GradloomError, printable } from '../../errors.ts';

/** Bytes of one element, by the format's names; the types of less than a byte are not read. */
// biome-ignore format: a table, one size a line
const ELEMENT_BYTES = {
  BOOL: 1, U8: 1, I8: 1, F8_E5M2: 1, F8_E4M3: 1, F8_E8M0: 1,
  U16: 2, I16: 2, F16: 2, BF16: 2,
  U32: 4, I32: 4, F32: 4,
  U64: 8, I64: 8, F64: 8, C64: 8,
} as const;

export type TensorType = keyof typeof ELEMENT_BYTES;

export const LENGTH_BYTES = 8;
/** The header of a thousand layers takes a fifth of it. */
export const HEADER_LIMIT_BYTES = 2 ** 20;
export const METADATA = '__metadata__';
const OPEN_BRACE = 0x7b;

/** Where a tensor is. */
export interface Span {
  name: string;
  dtype: TensorType;
  shape: number[];
  /** Bytes [begin, end) of the body. */
  begin: number;
  end: number;
}

export interface Head {
  metadata: Readonly<Record<string, string>>;
  /** In the order of their data. */
  spans: Span[];
  /** Where the data begin, in bytes. */
  bodyAt: number;
}

/**
 * The metadata, and where which tensor is.
 *
 * @param size  of the file that begins with `bytes`
 * @throws GradloomError E_SAFETENSORS for what the format forbids
 */
export function parseHead(bytes: Uint8Array, size: number, where: string): Head {
  const fail = failAt(where);
  const headerBytes = headerLength(bytes, size, where);
  const bodyAt = LENGTH_BYTES + headerBytes;
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, bodyAt), fail);
  const metadata = Object.create(null) as Record<string, string>;
  const spans: Span[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name !== METADATA) {
      spans.push(parseSpan(name, entry, size - bodyAt, fail));
      continue;
    }
    for (const [key, value] of Object.entries(requireObject(entry, METADATA, fail))) {
      if (typeof value !== 'string') throw fail(`${METADATA}.${key}: expected text, got ${shown(value)}`);
      metadata[key] = value;
    }
  }
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCover(spans, size - bodyAt, fail);
  return { metadata, spans, bodyAt };
}

/** Of all that can be wrong with such a file. */
const NEXT = 'name a safetensors file that is whole: this one is of another kind, or damaged';

type Fail = (message: string) => GradloomError;

export function failAt(where: string): Fail {
  return (message) => new GradloomError({ code: 'E_SAFETENSORS', where: printable(where), message: printable(message, 1000), next: NEXT });
}

/** The header's length, once it is sure that a header of that length follows. */
export function headerLength(bytes: Uint8Array, size: number, where: string): number {
  const fail = failAt(where);
  const refuse = (message: string): GradloomError => pickleError(bytes, where) ?? fail(message);
  if (bytes.length < LENGTH_BYTES) throw refuse(`${bytes.length} bytes, too short for the length of a header`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > BigInt(HEADER_LIMIT_BYTES)) throw refuse(`a header of ${length} bytes, the limit is ${HEADER_LIMIT_BYTES}`);
  const available = size - LENGTH_BYTES;
  if (length > BigInt(available)) throw refuse(`a header of ${length} bytes, but only ${available} bytes follow`);
  if (length < 2n || (bytes[LENGTH_BYTES] ?? OPEN_BRACE) !== OPEN_BRACE) throw refuse('the header does not start with {');
  return Number(length);
}

/** First bytes of the files that people take for weights: whatever their name says, they are not safetensors. */
const OTHER_FORMATS: readonly [name: string, start: readonly number[]][] = [
  ['a zip archive, as torch.save writes', [0x50, 0x4b, 0x03, 0x04]],
  ['HDF5', [0x89, 0x48, 0x44, 0x46]],
  ...[2, 3, 4, 5].map((protocol): [string, number[]] => [`a pickle of protocol ${protocol}`, [0x80, protocol]]),
];
const PICKLE_NAMES = /\.(pt|pth|pkl|pickle|ckpt|h5|hdf5|keras)$/i;

function pickleError(bytes: Uint8Array, where: string): GradloomError | undefined {
  const found = OTHER_FORMATS.find(([, start]) => start.every((byte, i) => bytes[i] === byte))?.[0] ?? PICKLE_NAMES.exec(where)?.[0];
  if (found === undefined) return undefined;
  return new GradloomError({
    code: 'E_SAFETENSORS',
    where: printable(where),
    message: `this is ${found}; pickle formats can run code and are refused`,
    next: 'convert it where you trust it: safetensors.torch.save_file(model.state_dict(), "model.safetensors")',
  });
}

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail('the header is not UTF-8');
  }
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw fail(`the header is not JSON: ${(error as Error).message}`);
  }
  const duplicate = duplicateKey(text);
  if (duplicate !== undefined) throw fail(`${duplicate}: appears twice in the header`);
  return requireObject(header, 'the header', fail);
}

/** The first key that an object of valid JSON text has twice; JSON.parse would keep the last in silence. */
function duplicateKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  let last = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}:]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (token === ':') {
      const key = JSON.parse(last) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    } else last = token;
  }
  return undefined;
}

function parseSpan(name: string, entry: unknown, bodyBytes: number, fail: Fail): Span {
  const { dtype, shape, data_offsets: offsets, ...others } = requireObject(entry, name, fail);
  const other = Object.keys(others)[0];
  if (other !== undefined) throw fail(`${name}: unknown key ${other}`);
  if (typeof dtype !== 'string' || !Object.hasOwn(ELEMENT_BYTES, dtype)) throw fail(`${name}: unknown dtype ${shown(dtype)}`);
  const [begin, end, ...rest] = requireCounts(offsets, `${name}: data_offsets`, fail);
  if (begin === undefined || end === undefined || rest.length > 0)
    throw fail(`${name}: data_offsets ${JSON.stringify(offsets)}, expected [begin, end]`);
  if (begin > end) throw fail(`${name}: data_offsets [${begin}, ${end}] are reversed`);
  if (end > bodyBytes) throw fail(`${name}: data_offsets [${begin}, ${end}] end after the ${bodyBytes} bytes of data`);
  const sizes = requireCounts(shape, `${name}: shape`, fail);
  checkSize(name, dtype as TensorType, sizes, end - begin, fail);
  return { name, dtype: dtype as TensorType, shape: sizes, begin, end };
}

/** In BigInt: a product of sizes may pass 2^53, and even come round to the right number of bytes modulo 2^64. */
export function checkSize(name: string, dtype: TensorType, shape: readonly number[], bytes: number, fail: Fail): void {
  const expected = shape.reduce((product, size) => product * BigInt(size), BigInt(ELEMENT_BYTES[dtype]));
  if (expected !== BigInt(bytes)) throw fail(`${name}: ${dtype} [${shape.join(', ')}] takes ${expected} bytes, but has ${bytes}`);
}

/** The tensors, sorted by offset, must cover the data once and completely. */
function checkCover(spans: readonly Span[], bodyBytes: number, fail: Fail): void {
  let covered = 0;
  let last = 'the header';
  for (const { name, begin, end } of spans) {
    if (begin < covered) throw fail(`${name}: starts at byte ${begin} of the data and overlaps ${last}, which ends at ${covered}`);
    if (begin > covered) throw fail(`${name}: starts at byte ${begin} of the data and leaves a hole from ${covered}, after ${last}`);
    covered = end;
    last = name;
  }
  if (covered !== bodyBytes) throw fail(`${bodyBytes - covered} trailing bytes after ${last}`);
}

function requireObject(value: unknown, what: string, fail: Fail): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fail(`${what}: expected an object, got ${shown(value)}`);
  return value as Record<string, unknown>;
}

function isCount(item: unknown): item is number {
  return typeof item === 'number' && Number.isSafeInteger(item) && item >= 0;
}

/** An array of whole numbers from 0 to 2^53 - 1. */
function requireCounts(value: unknown, what: string, fail: Fail): number[] {
  if (!Array.isArray(value)) throw fail(`${what}: expected an array, got ${shown(value)}`);
  const bad = value.findIndex((item) => !isCount(item));
  if (bad >= 0) {
    const problem = typeof value[bad] === 'number' && value[bad] < 0 ? 'is negative' : 'is not a whole number below 2^53';
    throw fail(`${what}: ${shown(value[bad])} ${problem}`);
  }
  return value as number[];
}

/** A value of the header for a message; what is nested is only named, for it may be nested deeper than a stack can follow. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value);
}
