import type { CallerArray, CallerArrays, CallerBatch, CallerData, NestedNumbers, NumberArray } from '../../config/caller-data.ts';
import { GradloomError } from '../../errors.ts';
import { elements } from '../../graph/shape.ts';
import type { ArraySet, ArraySets } from './samples.ts';
import { type ElementType, type StoredArray, storedArray } from './stored.ts';

/** Batches can be gone through once, and a run, a look at it and a sweep each ask for them: what they gave is kept as long as they are. */
const readOnce = new WeakMap<object, Promise<ArraySet>>();

/**
 * The arrays that a program passes, as if they lay in files.
 *
 * @throws GradloomError E_DATA_MISMATCH, E_DATA_DIMS or E_DATA_EMPTY at `data.x`, where lists are not of one length, an entry is no number,
 *   or sizes do not fit
 */
export async function callerArrays(data: CallerData): Promise<ArraySets> {
  if (!('x' in data)) {
    const known = readOnce.get(data) ?? readBatches(data);
    readOnce.set(data, known);
    return { main: await known };
  }
  return {
    main: setOf(data, 'x', 'y') as ArraySet,
    val: setOf(data, 'valX', 'valY'),
    test: setOf(data, 'testX', 'testY'),
  };
}

async function readBatches(batches: AsyncIterable<CallerBatch> | Iterable<CallerBatch>): Promise<ArraySet> {
  const x: StoredArray[] = [];
  const y: StoredArray[] = [];
  for await (const batch of batches) {
    // A program may fill the same arrays again and again.
    const { x: inputs, y: targets } = pairOf(batch.x, batch.y, `batch ${x.length}: data.x`, `batch ${x.length}: data.y`, true);
    x.push(inputs);
    y.push(targets);
  }
  if (x.length === 0)
    throw new GradloomError({
      code: 'E_DATA_EMPTY',
      where: 'data.source',
      message: 'the batches that were passed hold no samples',
      next: 'pass batches with rows; an iterator can be read once only',
    });
  return { x, y };
}

function setOf(data: CallerArrays, xKey: 'x' | 'valX' | 'testX', yKey: 'y' | 'valY' | 'testY'): ArraySet | undefined {
  const [x, y] = [data[xKey], data[yKey]];
  if (x === undefined && y === undefined) return undefined;
  if (x === undefined || y === undefined) {
    const [missing, given] = x === undefined ? [xKey, yKey] : [yKey, xKey];
    throw mismatch(`data.${missing}`, `missing; data.${given} needs it`, 'pass both, or neither');
  }
  const pair = pairOf(x, y, `data.${xKey}`, `data.${yKey}`, false);
  return { x: [pair.x], y: [pair.y] };
}

function pairOf(x: CallerArray, y: CallerArray, xName: string, yName: string, copies: boolean): { x: StoredArray; y: StoredArray } {
  const inputs = shaped(x, xName);
  const targets = shaped(y, yName);
  // A flat array says how many numbers it has, and not how many rows: y has one a row, unless x says how many there are.
  const yShape = targets.shape ?? rowsInto(targets.data, inputs.shape?.[0] ?? targets.data.length, yName);
  const xShape = inputs.shape ?? rowsInto(inputs.data, yShape[0] as number, xName);
  return { x: inMemory(xName, inputs.data, xShape, copies), y: inMemory(yName, targets.data, yShape, copies) };
}

function rowsInto(data: NumberArray, rows: number, name: string): number[] {
  if (data.length === rows) return [rows];
  if (rows > 0 && data.length % rows === 0) return [rows, data.length / rows];
  const next = 'pass {data, shape} to say its shape';
  throw mismatch(name, `${data.length} numbers cannot be ${rows} rows of one width`, next);
}

interface Shaped {
  data: NumberArray;
  /** undefined: a flat array. */
  shape: readonly number[] | undefined;
}

function shaped(value: CallerArray, name: string): Shaped {
  if (Array.isArray(value)) return fromLists(value as NestedNumbers, name);
  if (isNumberArray(value)) return { data: value, shape: undefined };
  if (typeof value !== 'object' || value === null || !('data' in value) || !isNumberArray(value.data) || !Array.isArray(value.shape))
    throw mismatch(name, 'expected a typed array, lists of numbers, or {data, shape}', 'pass numbers; texts have to be numbered first');
  const { data, shape } = value;
  const isSize = shape.length > 0 && shape.every((size) => Number.isInteger(size) && size >= 0);
  if (isSize && elements(shape) === data.length) return { data, shape };
  throw mismatch(name, `shape [${shape.join(', ')}] does not hold ${data.length} numbers`, 'let the product of the sizes be the length');
}

function fromLists(list: NestedNumbers, name: string): Shaped {
  const shape: number[] = [];
  for (let at: unknown = list; Array.isArray(at) || isNumberArray(at); at = (at as ArrayLike<unknown>)[0]) shape.push(at.length);
  const numbers: (number | bigint)[] = [];
  const visit = (value: unknown, depth: number, path: string): void => {
    if (Array.isArray(value) || isNumberArray(value)) {
      if (value.length !== shape[depth])
        throw mismatch(
          `${name}${path}`,
          `${value.length} entries; the first has ${shape[depth] ?? 'none, as a number'}`,
          'give all rows one length',
        );
      for (let i = 0; i < value.length; i++) visit(value[i], depth + 1, `${path}[${i}]`);
    } else if (depth !== shape.length || !(typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')) {
      throw mismatch(
        `${name}${path}`,
        `${depth === shape.length ? `a ${typeof value}` : 'one number'}; expected ${depth === shape.length ? 'a number' : 'a list'}`,
        'give all rows one shape',
      );
    } else numbers.push(typeof value === 'boolean' ? Number(value) : value);
  };
  visit(list, 0, '');
  // Whole numbers can be the labels of classes.
  if (numbers.every((value) => typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0)))) {
    return { data: BigInt64Array.from(numbers, BigInt), shape };
  }
  return { data: Float64Array.from(numbers, Number), shape };
}

const TYPES: Readonly<Record<string, ElementType>> = {
  Uint8Array: 'u8',
  Uint8ClampedArray: 'u8',
  Int8Array: 'i8',
  Uint16Array: 'u16',
  Int16Array: 'i16',
  Uint32Array: 'u32',
  Int32Array: 'i32',
  BigUint64Array: 'u64',
  BigInt64Array: 'i64',
  Float32Array: 'f32',
  Float64Array: 'f64',
};

function isNumberArray(value: unknown): value is NumberArray {
  return ArrayBuffer.isView(value) && typeOf(value) in TYPES;
}

/** A Buffer is a Uint8Array. */
function typeOf(value: ArrayBufferView): string {
  return value instanceof Uint8Array ? 'Uint8Array' : value.constructor.name;
}

/** An array whose bytes are those of a typed array. */
function inMemory(name: string, data: NumberArray, shape: readonly number[], copies: boolean): StoredArray {
  const kept = copies ? data.slice() : data;
  const bytes = new Uint8Array(kept.buffer, kept.byteOffset, kept.byteLength);
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    await Promise.resolve();
    yield bytes;
  }
  const content = { path: name, mostBytes: bytes.length, estimate: undefined, chunks };
  const type = TYPES[typeOf(data)] as ElementType;
  return storedArray(content, { type, isBigEndian: false, isFortran: false, shape, headerBytes: 0, sizesAt: [] });
}

function mismatch(where: string, message: string, next: string): GradloomError {
  return new GradloomError({ code: 'E_DATA_MISMATCH', where, message, next });
}
