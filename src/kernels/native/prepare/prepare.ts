import type { Isa } from '../../../native/isa.ts';
import { conventionHere } from '../../../native/routine.ts';
import { callable } from '../../../native/system/foreign.ts';
import type { KernelCall } from '../../call.ts';
import type { NativeCode } from '../bind.ts';
import { ELEMENTWISE, elementwiseKey } from '../elementwise-routines.ts';
import { OVERLAID, type OverlaidName, routinesOf } from '../overlay.ts';
import { specialise } from '../specialise.ts';
import { type Candidate, checkedRoutines, placedRoutine, type Verdict } from './checked.ts';
import { type Checked, Comparison } from './trust.ts';
import { ElementwiseTrial } from './trust-elementwise.ts';

export interface PreparedCode extends NativeCode {
  /** Kernels, with shapes where the routines are for one, whose routines do not compute what they do. */
  distrusted: readonly string[];
}

/**
 * Routines for calls, each for exactly its shape.
 *
 * @param words  the run's memory, with the tables of its programs in place
 * @param make   routines of calls; another one than `specialise` in tests of wrong ones
 * @throws Error as `checkedRoutines`, RangeError where there is no memory for the check
 */
export async function prepareNative(
  { isa, cpu }: { isa: Isa; cpu: string },
  calls: readonly KernelCall[],
  words: Int32Array,
  module: WebAssembly.Module,
  make = specialise,
): Promise<PreparedCode> {
  const wanted = new Map<string, Candidate & Checked>();
  for (const call of calls) {
    const specialised = make(isa, call, words);
    if (specialised === undefined) continue;
    const { key, operands } = specialised;
    const routine = { key, args: operands.length };
    wanted.set(key, {
      name: key,
      keys: [key],
      make: () => [{ ...routine, code: specialised.make(conventionHere()).code() }],
      specialised,
      call,
    });
  }
  const verdict = await checkedRoutines(cpu, [...wanted.values()], (unchecked) => {
    const comparison = new Comparison(unchecked, module);
    return (checked) => {
      const routine = placedRoutine(checked.specialised.key);
      return routine !== undefined && comparison.agrees(routine, checked);
    };
  });
  return { isa: isa.name, ...verdict };
}

/** The routines that are for any shape. */
export function prepareElementwise({ isa, cpu }: { isa: Isa; cpu: string }, module: WebAssembly.Module): Promise<Verdict> {
  const candidates = OVERLAID.map((name): Candidate & { name: OverlaidName } => {
    const routines = ELEMENTWISE.filter((routine) => routinesOf(name).includes(routine.name));
    const keyed = routines.map((routine) => ({ ...routine, key: elementwiseKey(isa.name, routine.name) }));
    return {
      name,
      keys: keyed.map(({ key }) => key),
      make: () => keyed.map(({ key, args, make }) => ({ key, args, code: make(isa, conventionHere()).code() })),
    };
  });
  return checkedRoutines(cpu, candidates, () => {
    const trial = new ElementwiseTrial(module, () => (name) => {
      const routine = placedRoutine(elementwiseKey(isa.name, name));
      return routine && callable(routine.address, routine.args);
    });
    return ({ name }) => trial.agrees(name);
  });
}
