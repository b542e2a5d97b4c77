import type { Convention } from '../../../src/native/routine.ts';
import { Processor, type Region } from './processor.ts';
import type { Trial } from './trial.ts';

/** Operands stand so far apart that none is reached from another. */
const APART = 0x400_0000;

export interface Wrong {
  /** The operand that is wrong. */
  operand: number;
  /** Values that it has too few. */
  short: number;
}

/**
 * Runs a trial's routine on the interpreter, which knows its operands to the byte, and what may not be written to.
 *
 * @returns the operands' words afterwards
 * @throws ProcessorFault at the first byte outside
 */
export function interpret({ specialised, before }: Trial, wrong?: Wrong, convention: Convention = 'sysv'): Int32Array[] {
  const regions = before.map((words, i): Region => {
    const used = i === wrong?.operand ? words.subarray(0, words.length - wrong.short) : words;
    const { use } = specialised.operands[i]!;
    return { at: APART * (i + 1), bytes: used.slice().buffer, writable: use === 'written' || use === 'scratch' || use === 'lists' };
  });
  const { instructions } = specialised.make(convention);
  new Processor(regions).call(
    instructions,
    regions.map(({ at }) => at),
    convention,
  );
  return regions.map(({ bytes }) => new Int32Array(bytes));
}
