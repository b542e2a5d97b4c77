import type { Repetition } from '../measurement/measured.ts';

/** Tells a process that a comparison has started it as a rank, or as the one that stands for ranks by itself. */
export const MEMBER_VARIABLE = 'GRADLOOM_SPEEDUP_MEMBER';

/** What the comparison asks its ranks, a line of JSON each; the first rank answers for all of them. */
export type Request = { kind: 'repeat'; steps: number } | { kind: 'probe' } | { kind: 'end' };

/** What the first rank says by itself, when all threads are up. */
export interface Ready {
  /** Name and version of the library of MPI; null for a process by itself. */
  library: string | null;
  hosts: string[];
  threads: number;
  /** More threads on a machine than it has cores. */
  oversubscribed: boolean;
}

/** What lies between the ranks. */
export interface LinkCosts {
  /** Of gathering a few bytes of each. */
  latencySeconds: number;
  /** Of each rank's own, in and out. */
  bytesPerSecond: number;
}

export interface Answers {
  repeat: Repetition;
  /** null where there is one rank. */
  probe: LinkCosts | null;
  end: null;
}
