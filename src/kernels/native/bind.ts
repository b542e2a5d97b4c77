import { AVX2, AVX512, type Isa } from '../../native/isa.ts';
import { leafSchedule } from '../../native/products/schedule.ts';
import type { PlacedRoutine } from '../../native/store.ts';
import { addressOf, addressOfWords, callable } from '../../native/system/foreign.ts';
import type { KernelCall } from '../call.ts';
import type { Operand, Specialised } from './specialise/specialised.ts';
import { specialise } from './specialise.ts';

/** Routines for the calls of a run: plain data for its threads. */
export interface NativeCode {
  isa: Isa['name'];
  routines: readonly PlacedRoutine[];
}

const VALUE_BYTES = 4;

/** A stretch of a memory, in bytes. */
export interface Stretch {
  at: number;
  bytes: number;
}

/**
 * The routines of a run on its memory, for the calling thread. A routine is called with fixed addresses, all of which have been looked at
 * before: whole numbers, and with as many values as the shape has inside of the memory; scratch inside of the rank's own.
 */
export class NativeCalls {
  readonly #isa: Isa;
  readonly #routines: ReadonlyMap<string, PlacedRoutine>;
  readonly #memory: WebAssembly.Memory;
  readonly #base: number;
  readonly #scratch: Stretch;
  readonly #words: Int32Array;

  constructor(isa: Isa, routines: readonly PlacedRoutine[], memory: WebAssembly.Memory, scratch: Stretch) {
    this.#isa = isa;
    this.#routines = new Map(routines.map((routine) => [routine.key, routine]));
    this.#memory = memory;
    this.#base = addressOf(memory);
    this.#scratch = scratch;
    this.#words = new Int32Array(memory.buffer);
  }

  /**
   * What does a call; undefined where no routine does.
   *
   * @throws RangeError for an operand outside of the memory
   */
  runOf(call: KernelCall): (() => void) | undefined {
    const specialised = specialise(this.#isa, call, this.#words);
    if (specialised === undefined) return undefined;
    const routine = this.#routines.get(specialised.key);
    if (routine === undefined || !hasScratch(specialised, this.#scratch)) return undefined;
    return bindRoutine(routine, specialised, this.#base, this.#memory.buffer.byteLength);
  }
}

/** The routines that a run was given, bound for the calling thread. */
export function nativeCalls({ isa, routines }: NativeCode, memory: WebAssembly.Memory, scratch: Stretch): NativeCalls {
  return new NativeCalls(isa === 'avx512' ? AVX512 : AVX2, routines, memory, scratch);
}

/** Whether what the routine needs of scratch is the rank's own. */
function hasScratch({ operands }: Specialised, { at, bytes }: Stretch): boolean {
  return operands.every((operand) => {
    return operand.use !== 'scratch' || (operand.at >= at && operand.at + operand.values * VALUE_BYTES <= at + bytes);
  });
}

/** @param memoryBytes  from `base` on */
export function bindRoutine(routine: PlacedRoutine, { operands }: Specialised, base: number, memoryBytes: number): () => void {
  const run = callable(routine.address, routine.args);
  const kept: Int32Array[] = [];
  const addresses = operands.map((operand) => {
    if (operand.use !== 'schedule') return base + checked(operand, memoryBytes);
    const schedule = sharedWords(leafSchedule(operand.bounds));
    kept.push(schedule);
    return addressOfWords(schedule);
  });
  if (addresses.length !== routine.args) throw new RangeError(`${routine.key} takes ${routine.args} arguments, got ${addresses.length}`);
  // Who can call it holds its tables.
  return Object.assign(calling(run, addresses), { kept });
}

/** A call with fixed arguments, written out: spread ones would be an array at each call. */
function calling(run: (...values: number[]) => unknown, addresses: readonly number[]): () => void {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = addresses;
  switch (addresses.length) {
    case 3:
      return () => void run(a, b, c);
    case 4:
      return () => void run(a, b, c, d);
    case 5:
      return () => void run(a, b, c, d, e);
    default:
      return () => void run(a, b, c, d, e, f);
  }
}

/** Words whose place never changes, as that of a small array of its own might. */
function sharedWords(words: Int32Array): Int32Array {
  const shared = new Int32Array(new SharedArrayBuffer(words.byteLength));
  shared.set(words);
  return shared;
}

/** @throws RangeError */
function checked({ at, values }: Exclude<Operand, { use: 'schedule' }>, memoryBytes: number): number {
  const isWhole = Number.isInteger(at) && Number.isInteger(values) && at >= 0 && values >= 0 && at % VALUE_BYTES === 0;
  if (!isWhole || at + values * VALUE_BYTES > memoryBytes)
    throw new RangeError(`${values} values at ${at} are not in ${memoryBytes} bytes`);
  return at;
}
