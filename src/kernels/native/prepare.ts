import { setImmediate } from 'node:timers/promises';
import type { Isa } from '../../native/isa.ts';
import { conventionHere } from '../../native/routine.ts';
import { RoutineStore } from '../../native/store.ts';
import type { KernelCall } from '../call.ts';
import type { NativeCode } from './bind.ts';
import { type Specialised, specialise } from './specialise.ts';
import { type Checked, Comparison } from './trust.ts';
import { TrustedCode } from './trusted.ts';

/** The routines of this process. */
const store = new RoutineStore();
/** Keys of routines that differ from their kernels: the kernels run in their place. */
const distrusted = new Set<string>();

export interface PreparedCode extends NativeCode {
  /** Kernels with shapes whose routines do not compute what they do. */
  distrusted: readonly string[];
}

/**
 * Makes, places and checks routines for calls; what was made before is taken as it is. What this user's processes have not checked before
 * takes about as long as the calls themselves.
 *
 * @param words  the run's memory, with the tables of its programs in place
 * @param make   routines of calls; another one than `specialise` in tests of wrong ones
 * @throws Error where the system does not allow generated code, RangeError where there is no memory for the check
 */
export async function prepareNative(
  { isa, cpu }: { isa: Isa; cpu: string },
  calls: readonly KernelCall[],
  words: Int32Array,
  module: WebAssembly.Module,
  make = specialise,
): Promise<PreparedCode> {
  const wanted = new Map<string, { call: KernelCall; specialised: Specialised }>();
  for (const call of calls) {
    const specialised = make(isa, call, words);
    if (specialised !== undefined) wanted.set(specialised.key, { call, specialised });
  }
  const fresh = [...wanted].filter(([key]) => store.find(key) === undefined && !distrusted.has(key));
  const made = fresh.map(([key, { specialised, call }]): Made => {
    return { key, args: specialised.operands.length, code: specialised.make(conventionHere()).code(), specialised, call };
  });
  if (made.length > 0) await placeAndCheck(made, cpu, module);
  const keys = [...wanted.keys()];
  return {
    isa: isa.name,
    routines: keys.flatMap((key) => (distrusted.has(key) ? [] : (store.find(key) ?? []))),
    distrusted: keys.filter((key) => distrusted.has(key)),
  };
}

interface Made {
  key: string;
  args: number;
  code: Uint8Array;
  specialised: Specialised;
  call: KernelCall;
}

async function placeAndCheck(made: readonly Made[], cpu: string, module: WebAssembly.Module): Promise<void> {
  const trusted = await TrustedCode.read(cpu);
  store.place(made);
  const unchecked = made.flatMap(({ key, code, ...rest }): (Checked & { code: Uint8Array })[] => {
    const routine = store.find(key);
    return routine === undefined || trusted.has(code) ? [] : [{ routine, code, ...rest }];
  });
  if (unchecked.length === 0) return;
  const comparison = new Comparison(unchecked, module);
  for (const checked of unchecked) {
    if (comparison.agrees(checked)) trusted.add(checked.code);
    else distrusted.add(checked.routine.key);
    // Signals and other runs of the process go on meanwhile.
    await setImmediate();
  }
  await trusted.write();
}
