import { setImmediate } from 'node:timers/promises';
import { type PlacedRoutine, type Routine, RoutineStore } from '../../../native/store.ts';
import { TrustedCode } from './trusted.ts';

/** Routines that do the work of a kernel together, and are used together or not at all. */
export interface Candidate {
  /** Of the kernel, with its shape if the routines are for one: what is told when they are not used. */
  name: string;
  /** Of the routines. */
  keys: readonly string[];
  make(): Routine[];
}

/** What became of candidates. */
export interface Verdict {
  routines: PlacedRoutine[];
  /** Names of those whose routines do not do what the kernel does. */
  distrusted: string[];
}

/** The routines of this process. */
const store = new RoutineStore();
/** Names of candidates whose routines are used, and of those whose kernels run in their place. */
const agreed = new Set<string>();
const distrusted = new Set<string>();
/** One after the other: nobody finds a routine that is placed and not checked. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Makes, places and checks routines; what was made before is taken as it is. What this user's processes have not checked before takes
 * about as long as the kernels themselves.
 *
 * @param judge  for candidates whose routines are placed: whether those of one do what its kernel does
 * @throws Error where the system does not allow generated code, and what `make` and `judge` throw
 */
export async function checkedRoutines<C extends Candidate>(
  cpu: string,
  candidates: readonly C[],
  judge: (unchecked: readonly C[]) => (candidate: C) => boolean,
): Promise<Verdict> {
  const checked = turn.then(() => check(cpu, candidates, judge));
  turn = Promise.allSettled([checked]);
  await checked;
  const used = candidates.filter(({ name }) => agreed.has(name));
  return {
    routines: used.flatMap(({ keys }) => keys.flatMap((key) => placedRoutine(key) ?? [])),
    distrusted: candidates.flatMap(({ name }) => (distrusted.has(name) ? [name] : [])),
  };
}

/** A routine of this process; it may not have been checked yet. */
export function placedRoutine(key: string): PlacedRoutine | undefined {
  return store.find(key);
}

async function check<C extends Candidate>(
  cpu: string,
  candidates: readonly C[],
  judge: (unchecked: readonly C[]) => (candidate: C) => boolean,
): Promise<void> {
  const fresh = candidates.filter(({ name }) => !agreed.has(name) && !distrusted.has(name));
  if (fresh.length === 0) return;
  const trusted = await TrustedCode.read(cpu);
  const made: { candidate: C; routines: Routine[] }[] = [];
  for (const candidate of fresh) {
    made.push({ candidate, routines: candidate.make() });
    // Signals, and other runs of the process, go on meanwhile.
    await setImmediate();
  }
  store.place(made.flatMap(({ routines }) => routines));
  const placed = made.filter(({ routines }) => routines.every(({ key }) => placedRoutine(key) !== undefined));
  const isTrusted = ({ routines }: (typeof made)[number]): boolean => routines.every(({ code }) => trusted.has(code));
  for (const one of placed.filter(isTrusted)) agreed.add(one.candidate.name);
  const unchecked = placed.filter((one) => !isTrusted(one));
  if (unchecked.length === 0) return;
  const agrees = judge(unchecked.map(({ candidate }) => candidate));
  for (const { candidate, routines } of unchecked) {
    if (agrees(candidate)) {
      agreed.add(candidate.name);
      for (const { code } of routines) trusted.add(code);
    } else distrusted.add(candidate.name);
    await setImmediate();
  }
  await trusted.write();
}
