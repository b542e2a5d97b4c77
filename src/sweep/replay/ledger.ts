import { isDeepStrictEqual } from 'node:util';
import { printable } from '../../errors.ts';
import type { DecisionEntry, LogEntry, LoggedEntry, OverEntry, ReopenEntry, RunEntry, SessionRules } from '../journal/entries.ts';
import { notReplayed } from '../journal/log.ts';
import type { SweepSettings } from '../schema.ts';
import type { Decision, Job } from '../search/decisions.ts';
import { type SearchParts, TrialSearch } from '../search/trial-search.ts';
import type { Assignment } from '../trial.ts';
import { SweepFold } from './state.ts';

const MAX_VALUE = 100;

/** What a session of a sweep decides by. @param lanes  jobs under way at most, on the clock of the order */
export function rulesOf({ execution, run_cap, on_trial_error: rules }: SweepSettings, lanes: number): SessionRules {
  const { then, abort_after, impute } = rules;
  return { order: execution.order, lanes, run_cap, then, abort_after, impute }; // oxlint-disable-line unicorn/no-thenable
}

/**
 * All that a sweep knows: its trials as the log tells them, the order in which results came, and the search that decides from them. They
 * change together, entry by entry, whether an entry is read from the log or was just said; so a log leads to the state that the process
 * had which wrote it, or is found not to.
 */
export class Ledger {
  readonly fold: SweepFold;
  readonly search: TrialSearch;
  /** Of the session at hand. */
  #rules: SessionRules;
  /** `order: arrival`: jobs in the order in which their results came. */
  #arrived: { trial: number; rung: number }[] = [];
  #over: OverEntry | undefined;

  /** @param rules  of this process' session, and of those that did not say theirs */
  constructor(parts: SearchParts & { settings: SweepSettings }, rules: SessionRules) {
    this.fold = new SweepFold(parts.settings);
    this.search = new TrialSearch(parts, rules);
    this.#rules = rules;
  }

  /** How the sweep ended, unless it goes on. */
  get over(): OverEntry | undefined {
    return this.#over;
  }

  /** Takes in what the log has just taken. A decision is carried out by the search before, which completes it. */
  add(entry: LogEntry): void {
    const isNew = entry.type === 'run' && !this.fold.hasRun(entry.trial, entry.rung, entry.replicate);
    this.fold.add(entry);
    if (isNew && this.fold.outcome(entry.trial, entry.rung) !== undefined) this.#arrived.push({ trial: entry.trial, rung: entry.rung });
    if (entry.type === 'over') this.#over = entry;
    if (entry.type === 'reopen') this.#reopen(entry);
  }

  #reopen({ retried = [] }: ReopenEntry): void {
    this.#over = undefined;
    // The failure of one that is under way was not told yet, and never will be.
    const again = new Set(retried);
    this.#arrived = this.#arrived.filter(({ trial }) => !again.has(trial));
    this.search.reopen(retried);
  }

  /** Tells the search the result that it waits for. @returns false if there is none yet */
  tellNext(): boolean {
    const job = this.#rules.order === 'logical' ? this.search.due() : this.#nextArrived();
    const outcome = job && this.fold.outcome(job.trial, job.rung);
    if (job === undefined || outcome === undefined) return false;
    this.search.tell(job, outcome);
    return true;
  }

  #nextArrived(): Job | undefined {
    for (let first = this.#arrived.shift(); first !== undefined; first = this.#arrived.shift()) {
      const { trial, rung } = first;
      const job = this.search.jobOf(trial);
      if (job?.rung === rung) return job;
    }
    return undefined;
  }

  // ---- the log of sessions before ------------------------------------------------------------------------------------

  /**
   * Repeats what the log tells. Each decision must be the one that is made now from the same results.
   *
   * @param vouched  lines at the beginning whose suggestions need not be computed again
   * @throws GradloomError E_RUN_FILE with the line, what it says and what was expected
   */
  replay(entries: readonly LoggedEntry[], directory: string, vouched = 0): void {
    const present = this.#rules;
    for (const entry of entries) {
      if (entry.type === 'session') this.#follow(entry.rules ?? present);
      const problem = this.#repeat(entry, entry.seq < vouched);
      if (problem !== undefined) throw notReplayed(directory, entry.seq, problem);
    }
    this.#follow(present);
  }

  #follow(rules: SessionRules): void {
    this.#rules = rules;
    this.search.follow(rules);
  }

  /** @returns why it cannot be; then nothing more may be done */
  #repeat(entry: LoggedEntry, isVouched: boolean): string | undefined {
    const problem = 'after' in entry ? (this.#tellUntil(entry.after) ?? this.#repeatDecision(entry, isVouched)) : this.#checkRun(entry);
    if (problem === undefined) this.add(entry);
    return problem;
  }

  /** Tells results until so many are known, which must be where the decision before has left nothing else to decide. */
  #tellUntil(after: number): string | undefined {
    while (this.search.told < after) {
      const missed = this.search.next();
      if (missed !== undefined) return `a decision after ${after} results, expected ${describe(missed)} after ${this.search.told}`;
      if (!this.tellNext()) return `a decision after ${after} results, of which only ${this.search.told} had come`;
    }
    return this.search.told === after ? undefined : `a decision after ${after} results, expected ${this.search.told}`;
  }

  #repeatDecision(entry: DecisionEntry | ReopenEntry, isVouched: boolean): string | undefined {
    if (entry.type === 'reopen') {
      const odd = entry.retried?.find((trial) => !this.search.canRetry(trial));
      return odd === undefined ? undefined : `trial ${odd} is tried again, which has not failed`;
    }
    const isTimed = entry.type === 'over' && entry.cause === 'budget';
    const expected = isTimed ? this.#endOf(entry) : this.search.next(isVouched && entry.type === 'trial' ? entry : undefined);
    if (typeof expected === 'string') return expected;
    const difference = differenceOf(entry, expected);
    if (difference !== undefined) return difference;
    // Another version may digest an experiment otherwise; which trials are the same is compared by what is computed now.
    const decision = entry.type === 'trial' && expected?.type === 'trial' ? { ...entry, key: expected.key, note: undefined } : { ...entry };
    this.search.take(decision);
    return undefined;
  }

  /** When the budget was spent, and which trials ran by then, only the log knows. */
  #endOf(entry: OverEntry): OverEntry | string {
    if (this.search.isOver) return 'the end of a sweep that was over';
    const odd = entry.dropped.find((trial) => this.search.jobOf(trial) === undefined);
    return odd === undefined ? entry : `trial ${odd} is dropped, which is not under way`;
  }

  #checkRun(entry: Exclude<LoggedEntry, DecisionEntry | ReopenEntry>): string | undefined {
    if (entry.type !== 'run') return undefined;
    return this.#compareRun(entry, this.search.jobOf(entry.trial));
  }

  #compareRun({ trial, resource, isLast }: RunEntry, job: Job | undefined): string | undefined {
    if (job === undefined || (job.resource === resource && job.isLast === isLast)) return undefined;
    const end = (to: number, isEnd: boolean): string => `${to}${isEnd ? ', its end' : ''}`;
    return `trial ${trial} was trained to ${end(resource, isLast)}, expected ${end(job.resource, job.isLast)}`;
  }
}

/** @returns what the log says and what was expected; undefined if they are the same decision. Reasons are words, and may change. */
function differenceOf(found: DecisionEntry, expected: Decision | undefined): string | undefined {
  if (expected === undefined) return `${describe(found)}, expected no decision before another result`;
  if (found.type === 'trial' && expected.type === 'trial' && found.trial === expected.trial) {
    const difference = assignmentDifference(found.assignment, asWritten(expected.assignment));
    if (difference !== undefined) return `trial ${found.trial}: ${difference}`;
    // What is wrong with an experiment is told in words too.
    const facts = (one: typeof found | typeof expected): unknown[] => [one.origin, one.duplicateOf, one.fault === undefined];
    return isDeepStrictEqual(facts(found), facts(expected)) ? undefined : `${describe(found)}, expected ${describe(expected)}`;
  }
  return describe(found) === describe(expected) ? undefined : `${describe(found)}, expected ${describe(expected)}`;
}

function assignmentDifference(found: Assignment, expected: Assignment): string | undefined {
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  const key = keys.find((one) => !isDeepStrictEqual(found[one], expected[one]));
  if (key === undefined) return undefined;
  const shown = (value: unknown): string => (value === undefined ? 'nothing' : printable(JSON.stringify(value), MAX_VALUE));
  return `${printable(key, MAX_VALUE)} is ${shown(found[key])}, expected ${shown(expected[key])}`;
}

/** As JSON has it, where there is no -0. */
function asWritten(assignment: Assignment): Assignment {
  return JSON.parse(JSON.stringify(assignment)) as Assignment;
}

/** A decision in words, the same for the same decision. */
function describe(decision: Decision): string {
  switch (decision.type) {
    case 'trial': {
      const { trial, origin, duplicateOf, fault } = decision;
      const kind = duplicateOf !== undefined ? `, a duplicate of trial ${duplicateOf}` : fault !== undefined ? ', which is not valid' : '';
      return `trial ${trial} of ${printable(origin, MAX_VALUE)}${kind}`;
    }
    case 'promote':
      return `trial ${decision.trial} goes on from rung ${decision.rung}`;
    case 'stop':
      return `trial ${decision.trial} is stopped at rung ${decision.rung}`;
    case 'over': {
      const dropped = decision.dropped.toSorted((a, b) => a - b).join(', ');
      return `the end (${decision.cause}), which drops ${dropped === '' ? 'no trial' : `trials ${dropped}`}`;
    }
  }
}
