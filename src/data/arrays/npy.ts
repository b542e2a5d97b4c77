import { GradloomError, printable } from '../../errors.ts';
import { type Content, lengthError, openContent, place, readHead } from '../files/content.ts';
import { wrongFormat } from '../files/formats.ts';
import { type ElementType, type StoredArray, storedArray } from './stored.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const VERSION_AT = 6;
const LENGTH_AT = 8;
/** numpy writes 118 bytes, and more only for structured types; by its own limit it reads 10,000. */
const MAX_HEADER_BYTES = 10_000;
/** As of numpy 2. */
const MAX_RANK = 64;

const TYPES: Readonly<Record<string, ElementType>> = {
  b1: 'bool',
  u1: 'u8',
  i1: 'i8',
  u2: 'u16',
  i2: 'i16',
  u4: 'u32',
  i4: 'i32',
  u8: 'u64',
  i8: 'i64',
  f2: 'f16',
  f4: 'f32',
  f8: 'f64',
};
const READ = 'bool, integers of 8 to 64 bits, and floats of 16 to 64 bits';

/** Types that numpy knows and gradloom does not read. */
const OTHER_TYPES: Readonly<Record<string, [name: string, cure: string]>> = {
  O: ['Python objects, pickles that can run any code when they are read: they are refused', 'a = numpy.array(a.tolist(), "float32")'],
  U: ['text', 'name a CSV file for text, or number it: a = numpy.unique(a, return_inverse=True)[1]'],
  S: ['bytes of text', 'name a CSV file for text, or number it: a = numpy.unique(a, return_inverse=True)[1]'],
  c: ['complex numbers', 'a = numpy.stack([a.real, a.imag], -1)'],
  M: ['dates', 'a = a.astype("datetime64[s]").astype("float64")'],
  m: ['spans of time', 'a = a.astype("timedelta64[s]").astype("float64")'],
  V: ['raw bytes', 'a = a.view("uint8")'],
  f: ['floats of another width', 'a = a.astype("float64")'],
};

/**
 * Reads and checks the header of a .npy file, plain or gzip, of versions 1 to 3. Nothing in it is evaluated, and nothing of the length
 * that it declares is allocated.
 *
 * @throws GradloomError E_DATA_READ, E_DATA_MAGIC, E_DATA_FORMAT, E_DATA_DIMS, E_DATA_EMPTY, E_DATA_TOO_LARGE or E_DATA_LENGTH, at `path:byte`
 * @see numpy.lib.format
 */
export async function openNpy(path: string): Promise<StoredArray> {
  return npyIn(await openContent(path), path);
}

/** @param file  the path of the file itself, where the content is only a part of it */
export async function npyIn(content: Content, file: string): Promise<StoredArray> {
  const bytes = await readHead(content, MAX_HEADER_BYTES + 12);
  const { path } = content;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) {
    if (bytes.length < MAGIC.length && MAGIC.every((byte, i) => i >= bytes.length || bytes[i] === byte))
      throw lengthError(path, bytes.length, 'at least 10', `${bytes.length}`);
    const found = Buffer.from(bytes.subarray(0, MAGIC.length)).toString('hex');
    throw wrongFormat(path === file ? file : path, bytes, 'npy', `it begins with 0x${found}, expected 0x934e554d5059`);
  }
  const lengthBytes = (bytes[VERSION_AT] ?? 0) === 1 ? 2 : 4;
  const textAt = LENGTH_AT + lengthBytes;
  if (bytes.length < textAt) throw lengthError(path, bytes.length, `at least ${textAt}`, `${bytes.length}`);
  const [major, minor] = [view.getUint8(VERSION_AT), view.getUint8(VERSION_AT + 1)];
  if (major < 1 || major > 3 || minor !== 0)
    throw malformed(path, VERSION_AT, `version ${major}.${minor}; expected 1.0, 2.0 or 3.0`, 'write it again: numpy.save(FILE, a)');
  const length = major === 1 ? view.getUint16(LENGTH_AT, true) : view.getUint32(LENGTH_AT, true);
  if (length > MAX_HEADER_BYTES)
    throw malformed(path, LENGTH_AT, `a header of ${length} bytes; expected at most ${MAX_HEADER_BYTES}`, 'get the file again');
  const headerBytes = textAt + length;
  if (bytes.length < headerBytes) throw lengthError(path, bytes.length, `at least ${headerBytes}`, `${bytes.length}`);
  const text = Buffer.from(bytes.subarray(textAt, headerBytes)).toString('latin1');
  const { descr, isFortran, shape, sizesAt } = new HeaderText(path, text, textAt).read();
  return storedArray(content, { ...typeOf(path, descr), isFortran, shape, headerBytes, sizesAt });
}

interface Described {
  text: string;
  at: number;
}

/** What a header says, before its type is looked at. */
interface Header {
  descr: Described;
  isFortran: boolean;
  shape: number[];
  sizesAt: number[];
}

/** `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`: read letter by letter, as Python would read these and no other values. */
class HeaderText {
  readonly #path: string;
  readonly #text: string;
  readonly #offset: number;
  #at = 0;

  constructor(path: string, text: string, offset: number) {
    this.#path = path;
    this.#text = text;
    this.#offset = offset;
  }

  read(): Header {
    const found: Partial<Header> = {};
    this.#expect(/\{/y, '{');
    while (this.#take(/\}/y) === undefined) {
      const [, key = ''] = this.#expect(/'(descr|fortran_order|shape)'/y, "one of 'descr', 'fortran_order' and 'shape'");
      const name = key === 'fortran_order' ? 'isFortran' : (key as 'descr' | 'shape');
      if (found[name] !== undefined) throw this.#fault(`'${key}' once`);
      this.#expect(/:/y, ':');
      if (key === 'descr') found.descr = this.#descr();
      else if (key === 'fortran_order') found.isFortran = this.#expect(/(True|False)\b/y, 'True or False')[1] === 'True';
      else Object.assign(found, this.#shape());
      if (this.#take(/,/y) !== undefined) continue;
      this.#expect(/\}/y, ', or }');
      break;
    }
    const { descr, isFortran, shape, sizesAt } = found;
    if (descr === undefined || isFortran === undefined || shape === undefined || sizesAt === undefined)
      throw this.#fault("'descr', 'fortran_order' and 'shape'");
    this.#take(/\n/y);
    if (this.#at !== this.#text.length) throw this.#fault('nothing more than spaces');
    return { descr, isFortran, shape, sizesAt };
  }

  #descr(): Described {
    this.#take(/(?=['[])/y);
    const at = this.#offset + this.#at;
    const text = this.#take(/'([^'\\]{1,20})'/y)?.[1];
    if (text !== undefined) return { text, at };
    if (this.#take(/\[/y) === undefined) throw this.#fault("a type, as '<f4'");
    const next = 'save one field of it: numpy.save(FILE, a["NAME"])';
    throw malformed(this.#path, at, 'records of several fields (a structured type); expected one number an element', next);
  }

  #shape(): Pick<Header, 'shape' | 'sizesAt'> {
    this.#expect(/\(/y, '(');
    const shape: number[] = [];
    const sizesAt: number[] = [];
    while (this.#take(/\)/y) === undefined) {
      this.#take(/(?=\d)/y);
      sizesAt.push(this.#offset + this.#at);
      const [, digits = ''] = this.#expect(/(\d{1,20})L?/y, 'a size');
      shape.push(Number(digits));
      if (this.#take(/,/y) !== undefined) continue;
      // `(3)` is a number to Python, `(3,)` a shape.
      if (shape.length === 1) throw this.#fault(',');
      this.#expect(/\)/y, ', or )');
      break;
    }
    if (shape.length === 0 || shape.length > MAX_RANK) {
      const message = `${shape.length} dimensions, expected 1 to ${MAX_RANK}`;
      throw new GradloomError({ code: 'E_DATA_DIMS', where: place(this.#path, this.#offset + this.#at), message });
    }
    return { shape, sizesAt };
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    while (this.#text[this.#at] === ' ') this.#at++;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text) ?? undefined;
    if (match !== undefined) this.#at += match[0].length;
    return match;
  }

  #expect(pattern: RegExp, what: string): RegExpExecArray {
    const match = this.#take(pattern);
    if (match === undefined) throw this.#fault(what);
    return match;
  }

  #fault(expected: string): GradloomError {
    const rest = this.#text.slice(this.#at, this.#at + 20);
    const found = rest === '' ? 'the end' : JSON.stringify(rest);
    return malformed(this.#path, this.#offset + this.#at, `the header has ${found}, expected ${expected}`, 'get the file again');
  }
}

function typeOf(path: string, { text, at }: Described): Pick<StoredArray, 'type' | 'isBigEndian'> {
  const [, order = '', name = ''] = /^([<>|=]?)(.+)$/.exec(text) ?? [];
  const type = TYPES[name];
  const isOneByte = /^[bui]1$/.test(name);
  if (type !== undefined && (isOneByte || order === '<' || order === '>')) return { type, isBigEndian: order === '>' };
  const [what, cure] = OTHER_TYPES[name.slice(0, 1)] ?? ['elements of an unknown type', 'a = a.astype("float32")'];
  const known = type === undefined ? what : 'no order of bytes';
  throw malformed(path, at, `type ${printable(text, 40)}: ${known}; expected ${READ}`, `in Python: ${cure}; numpy.save("out.npy", a)`);
}

function malformed(path: string, at: number, message: string, next: string): GradloomError {
  return new GradloomError({ code: 'E_DATA_FORMAT', where: place(path, at), message: printable(message, 500), next });
}
