import { conventionHere } from '../../native/routine.ts';
import { RoutineStore } from '../../native/store.ts';
import { isaHere } from '../../native/system/cpu.ts';
import type { KernelCall } from '../call.ts';
import type { NativeCode } from './bind.ts';
import { type Specialised, specialise } from './specialise.ts';
import { agrees } from './trust.ts';
import { Trust } from './trusted.ts';

/** The routines of this process. */
const store = new RoutineStore();
/** Keys of routines that differ from their kernels: the kernels run in their place. */
const distrusted = new Set<string>();

/**
 * Makes, places and checks routines for calls; what was made before is taken as it is.
 *
 * @param words       the run's memory, with the tables of its programs in place
 * @param onDistrust  told of a routine that differs from its kernel, by its key
 * @returns undefined where the processor has no instruction set that routines are made for
 * @throws Error where koffi is missing, or the system does not allow generated code
 */
export function prepareNative(
  calls: readonly KernelCall[],
  words: Int32Array,
  module: WebAssembly.Module,
  onDistrust: (key: string) => void,
): NativeCode | undefined {
  const isa = isaHere();
  if (isa === undefined) return undefined;
  const wanted = new Map<string, { call: KernelCall; specialised: Specialised }>();
  for (const call of calls) {
    const specialised = specialise(isa, call, words);
    if (specialised !== undefined && !distrusted.has(specialised.key)) wanted.set(specialised.key, { call, specialised });
  }
  const fresh = [...wanted].filter(([key]) => store.find(key) === undefined);
  const made = fresh.map(([key, { specialised, call }]) => {
    return { key, args: specialised.operands.length, code: specialised.make(conventionHere()).code(), specialised, call };
  });
  store.place(made);
  const trust = Trust.read();
  for (const { key, code, specialised, call } of made) {
    const routine = store.find(key);
    if (routine === undefined || trust.has(code)) continue;
    if (agrees(routine, specialised, call, module)) trust.add(code);
    else {
      distrusted.add(key);
      onDistrust(key);
    }
  }
  trust.write();
  const routines = [...wanted.keys()].flatMap((key) => store.find(key) ?? []);
  return { isa: isa.name, routines: routines.filter(({ key }) => !distrusted.has(key)) };
}
