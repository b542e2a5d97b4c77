import { Ranking } from '../ranking.ts';
import type { Assignment } from '../trial.ts';
import type { Observation } from './sampler.ts';

/** The histories whose observations a sampler may be given. */
const HISTORIES = new WeakMap<readonly Observation[], History>();

/** What is known, in the order of the trials' numbers; each number once. It is kept up to date, not made anew for each suggestion. */
export class History {
  readonly #all: Observation[];
  /** From the first question on. */
  #ranking: Ranking | undefined;
  /** How often each assignment is there, from the first question on. */
  #counts: Map<string, number> | undefined;

  /** @param observations  in any order */
  constructor(observations: readonly Observation[] = []) {
    this.#all = observations.toSorted((a, b) => a.number - b.number);
    HISTORIES.set(this.#all, this);
  }

  /** Not to be kept: it changes. */
  get all(): readonly Observation[] {
    return this.#all;
  }

  /** In the place of what was known of the same trial. */
  set(observation: Observation): void {
    const at = this.#positionOf(observation.number);
    const before = this.#all[at];
    const isKnown = before?.number === observation.number;
    if (isKnown) this.#forget(before);
    this.#all.splice(at, isKnown ? 1 : 0, observation);
    this.#ranking?.add(rankedBy(observation), observation.number);
    this.#countIn(observation, 1);
  }

  delete(number: number): void {
    const at = this.#positionOf(number);
    const before = this.#all[at];
    if (before?.number !== number) return;
    this.#forget(before);
    this.#all.splice(at, 1);
  }

  /** Of so many the lowest values, of equal ones the earlier trials; by their numbers. */
  best(count: number): Observation[] {
    this.#ranking ??= this.#ranked();
    const numbers = this.#ranking.take(count).toSorted((a, b) => a - b);
    return numbers.map((number) => this.#all[this.#positionOf(number)] as Observation);
  }

  has(assignment: Assignment): boolean {
    this.#counts ??= this.#counted();
    return this.#counts.has(JSON.stringify(assignment));
  }

  #ranked(): Ranking {
    const ranking = new Ranking();
    for (const one of this.#all) ranking.add(rankedBy(one), one.number);
    return ranking;
  }

  #counted(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { assignment } of this.#all) {
      const key = JSON.stringify(assignment);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  }

  #forget(observation: Observation): void {
    this.#ranking?.delete(rankedBy(observation), observation.number);
    this.#countIn(observation, -1);
  }

  #countIn({ assignment }: Observation, change: 1 | -1): void {
    if (this.#counts === undefined) return;
    const key = JSON.stringify(assignment);
    const count = (this.#counts.get(key) ?? 0) + change;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }

  /** Where a number is, or would be. */
  #positionOf(number: number): number {
    // Trials come to results nearly in the order of their numbers.
    let low = 0;
    let high = this.#all.length;
    if ((this.#all.at(-1)?.number ?? -1) < number) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#all[middle] as Observation).number < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The history that keeps these observations, or one of their own. */
export function historyOf(observations: readonly Observation[]): History {
  return HISTORIES.get(observations) ?? new History(observations);
}

/** What has no value is as bad as the worst. */
function rankedBy({ value = Number.MAX_VALUE }: Observation): number {
  return value;
}
