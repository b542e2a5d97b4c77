import type { Isa } from '../../native/isa.ts';
import { conventionHere } from '../../native/routine.ts';
import { type PlacedRoutine, RoutineStore } from '../../native/store.ts';
import { callable } from '../../native/system/foreign.ts';
import { ELEMENTWISE, type ElementwiseName, elementwiseKey } from './elementwise-routines.ts';
import { OVERLAID, type OverlaidName, routinesOf } from './overlay.ts';
import { ElementwiseTrial } from './trust-elementwise.ts';
import { TrustedCode } from './trusted.ts';

/** The routines of this process. */
const store = new RoutineStore();
/** Kernels that their routines do not do as they do: they run themselves. */
const distrusted = new Set<OverlaidName>();

/**
 * Makes, places and checks the routines that are for any shape, once a process.
 *
 * @returns the routines, but for those of kernels that they do otherwise, and these kernels
 */
export async function prepareElementwise(
  { isa, cpu }: { isa: Isa; cpu: string },
  module: WebAssembly.Module,
): Promise<{ routines: PlacedRoutine[]; distrusted: OverlaidName[] }> {
  const find = (name: ElementwiseName): PlacedRoutine | undefined => store.find(elementwiseKey(isa.name, name));
  if (ELEMENTWISE.some(({ name }) => find(name) === undefined)) {
    const trusted = await TrustedCode.read(cpu);
    // Nothing waits in between: nobody finds a routine that is placed and not checked.
    const codes = new Map(ELEMENTWISE.map(({ name, make }) => [name, make(isa, conventionHere()).code()]));
    store.place(ELEMENTWISE.map(({ name, args }) => ({ key: elementwiseKey(isa.name, name), args, code: codes.get(name) as Uint8Array })));
    check(find, (name) => codes.get(name) as Uint8Array, trusted, module);
    await trusted.write();
  }
  const without = new Set([...distrusted].flatMap(routinesOf));
  return { routines: ELEMENTWISE.flatMap(({ name }) => (without.has(name) ? [] : (find(name) ?? []))), distrusted: [...distrusted] };
}

function check(
  find: (name: ElementwiseName) => PlacedRoutine | undefined,
  codeOf: (name: ElementwiseName) => Uint8Array,
  trusted: TrustedCode,
  module: WebAssembly.Module,
): void {
  let trial: ElementwiseTrial | undefined;
  for (const kernel of OVERLAID) {
    const names = routinesOf(kernel);
    if (names.some((name) => find(name) === undefined) || names.every((name) => trusted.has(codeOf(name)))) continue;
    trial ??= new ElementwiseTrial(module, () => (name) => {
      const routine = find(name);
      return routine && callable(routine.address, routine.args);
    });
    if (trial.agrees(kernel)) for (const name of names) trusted.add(codeOf(name));
    else distrusted.add(kernel);
  }
}
