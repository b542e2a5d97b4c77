import type { PlacedRoutine } from '../../native/store.ts';
import { addressOf } from '../../native/system/foreign.ts';
import { uniform } from '../../random/distributions.ts';
import { RandomStream } from '../../random/stream.ts';
import type { KernelCall } from '../call.ts';
import { bindKernels } from '../module.ts';
import { bindRoutine } from './bind.ts';
import type { Specialised } from './specialise.ts';

const PAGE_BYTES = 65_536;
const VALUE_BYTES = 4;
/** Floats behind each operand that nobody may write to. */
const GUARD = 64;
const GUARD_WORD = 0x7fa0_0bad;
/** Zeros of both signs, the smallest and the largest numbers: where codes differ, they differ here. */
const SPECIAL = [0, -0, 1e-45, -1e-45, 1.1754942e-38, -1.1754944e-38, 3.4028235e38, -3.4028235e38];
const NOT_FINITE = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/**
 * Whether a routine does what the kernel does: once on random values with many zeros, once with special ones among them. Every bit counts,
 * but for those inside of a NaN.
 */
export function agrees(routine: PlacedRoutine, specialised: Specialised, call: KernelCall, module: WebAssembly.Module): boolean {
  // Where zeros are skipped, a product of 0 and infinity is too.
  const skips = call.kernel.startsWith('sparse');
  const rounds = [[], SPECIAL, ...(skips ? [] : [[...SPECIAL, ...NOT_FINITE]])];
  return rounds.every((special, round) => agreesOn(routine, specialised, call, module, { special, round }));
}

function agreesOn(
  routine: PlacedRoutine,
  specialised: Specialised,
  { kernel, args }: KernelCall,
  module: WebAssembly.Module,
  { special, round }: { special: readonly number[]; round: number },
): boolean {
  const { operands, kernelScratch } = specialised;
  let bytes = PAGE_BYTES;
  const place = (values: number): number => {
    const at = bytes;
    bytes += Math.ceil(((values + GUARD) * VALUE_BYTES) / 64) * 64;
    return at;
  };
  const placed = operands.map((operand) => place(operand.use === 'schedule' ? operand.bounds.length : operand.values));
  const expectedAt = operands.map((operand) => (operand.use === 'written' ? place(operand.values) : 0));
  const scratchAt = place(kernelScratch);
  const pages = Math.ceil(bytes / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const words = new Int32Array(memory.buffer).fill(GUARD_WORD);
  const floats = new Float32Array(memory.buffer);
  const stream = new RandomStream(round, 'search', 0);
  let drawn = 0;
  const next = (): number => uniform(stream, drawn++);
  const kernels = bindKernels(module, memory);
  const kernelArgs: number[] = [...args];
  for (const [i, operand] of operands.entries()) {
    const at = nth(placed, i) / VALUE_BYTES;
    if (operand.use === 'read') for (let j = 0; j < operand.values; j++) floats[at + j] = value(next, special);
    if (operand.use === 'schedule' || operand.use === 'bounds') words.set(operand.bounds, at);
    if (operand.use === 'written') kernelArgs[operand.arg] = nth(expectedAt, i);
    else if (operand.use === 'scratch') kernelArgs[operand.arg] = scratchAt;
    else if (operand.use === 'schedule' || operand.values > 0) kernelArgs[operand.arg] = nth(placed, i);
    if (operand.use === 'lists') kernels.list_nonzeros(nth(placed, 0), nth(placed, i), operand.rows, operand.columns, scratchAt);
  }
  const run: (...values: number[]) => void = kernels[kernel];
  run(...kernelArgs);
  const moved: Specialised = {
    ...specialised,
    operands: operands.map((operand, i) => (operand.use === 'schedule' ? operand : { ...operand, at: nth(placed, i) })),
  };
  bindRoutine(routine, moved, addressOf(memory), memory.buffer.byteLength)();
  return operands.every((operand, i) => {
    if (operand.use !== 'written') return true;
    const [got, expected] = [nth(placed, i) / VALUE_BYTES, nth(expectedAt, i) / VALUE_BYTES];
    for (let j = 0; j < operand.values; j++) {
      if (words[got + j] !== words[expected + j] && !(Number.isNaN(floats[got + j]) && Number.isNaN(floats[expected + j]))) return false;
    }
    for (let j = 0; j < GUARD; j++) if (words[got + operand.values + j] !== GUARD_WORD) return false;
    return true;
  });
}

function value(next: () => number, special: readonly number[]): number {
  const dice = next();
  if (dice < 0.4) return 0;
  if (dice < 0.5 && special.length > 0) return special[Math.floor(next() * special.length)] ?? 0;
  return next() - 0.5;
}

function nth(values: readonly number[], index: number): number {
  return values[index] as number;
}
