import { ELEMENTWISE, type ElementwiseName, elementwiseKey } from '../../../../src/kernels/native/elementwise-routines.ts';
import type { FindRun } from '../../../../src/kernels/native/overlay.ts';
import type { NativeSite } from '../../../../src/kernels/native/site.ts';
import type { Isa } from '../../../../src/native/isa.ts';
import { conventionHere } from '../../../../src/native/routine.ts';
import { RoutineStore } from '../../../../src/native/store.ts';
import { callable } from '../../../../src/native/system/foreign.ts';
import { Processor, type Region } from '../../../native/support/processor.ts';

/** How routines are run: on a site's memory. */
export type Runs = (site: NativeSite, memory: WebAssembly.Memory, more?: readonly Region[]) => FindRun;

/** Routines of any instruction set, one instruction after the other; what is outside of the memory, the block and `more` is a fault. */
export function interpreted(isa: Isa): Runs {
  const made = new Map(ELEMENTWISE.map(({ name, make }) => [name, make(isa, 'sysv').instructions]));
  return (site, memory, more = []) => {
    const regions = [{ at: site.base, bytes: memory.buffer }, { at: site.block, bytes: site.scalars.buffer }, ...more];
    return (name) => {
      const instructions = made.get(name);
      return instructions && ((...args) => new Processor(regions).call(instructions, args));
    };
  };
}

/** Routines as this processor runs them. */
export function native(isa: Isa): Runs {
  const store = new RoutineStore();
  const key = (name: ElementwiseName): string => elementwiseKey(isa.name, name);
  store.place(ELEMENTWISE.map(({ name, args, make }) => ({ key: key(name), args, code: make(isa, conventionHere()).code() })));
  return () => (name) => {
    const routine = store.find(key(name));
    return routine && callable(routine.address, routine.args);
  };
}
