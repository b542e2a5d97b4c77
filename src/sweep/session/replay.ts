import { trialKey } from '../file/experiment.ts';
import type { LoadedSweep } from '../file/load.ts';
import type { LoggedEntry, SessionRules, SweepEntry } from '../journal/entries.ts';
import { Ledger, rulesOf } from '../replay/ledger.ts';
import { makeSampler } from '../samplers/index.ts';
import { lengthOf } from '../schedulers/budget.ts';
import { makeScheduler } from '../schedulers/index.ts';

/** A sweep as the sessions before have left it. */
export interface Replayed {
  /** The first line of the log. */
  readonly sweep: SweepEntry;
  readonly ledger: Ledger;
  /** Of the session that begins. */
  readonly rules: SessionRules;
  /** How many trials there can be; undefined where only a budget ends the sweep. */
  readonly total: number | undefined;
  /** Some session has done something before. */
  readonly isResumed: boolean;
  /** Of the sessions before. */
  readonly seconds: number;
}

/**
 * Takes up a sweep from its log: every decision in it must be the one that is made now from the same results.
 *
 * @param entries  the first is the sweep's
 * @param limit    jobs side by side, where they come in the order of arrival
 * @param vouched  lines at the beginning whose suggestions need not be computed again
 * @throws GradloomError E_RUN_FILE if the log does not replay
 */
export function replaySweep(loaded: LoadedSweep, directory: string, entries: readonly LoggedEntry[], limit: number, vouched = 0): Replayed {
  const { settings, space } = loaded;
  const sweep = entries[0] as LoggedEntry & SweepEntry;
  const { order, lanes } = settings.execution;
  const logical = lanes === 'auto' ? sweep.lanes : lanes;
  const rules = rulesOf(settings, order === 'logical' ? logical : limit);
  const sampler = makeSampler(settings.method, space, settings.seed, sweep.version);
  const ledger = new Ledger(
    {
      settings,
      sampler,
      scheduler: makeScheduler(settings, lengthOf(settings.early_terminate), sweep.version),
      enqueued: space.enqueued.length,
      keyOf: (assignment) => trialKey(loaded, assignment),
    },
    rules,
  );
  ledger.replay(entries, directory, vouched);
  const caps = [settings.run_cap, sampler.total].filter((cap) => cap !== undefined);
  return {
    sweep,
    ledger,
    rules,
    total: caps.length === 0 ? undefined : Math.min(...caps),
    isResumed: entries.length > 1,
    seconds: secondsOf(entries),
  };
}

/** The sum of what the sessions took: each counts its seconds from its own beginning. */
function secondsOf(entries: readonly LoggedEntry[]): number {
  let seconds = 0;
  let last = 0;
  for (const entry of entries) {
    if (entry.type === 'session') seconds += last;
    last = entry.t;
  }
  return seconds + last;
}
