import type { LogEntry, RunEntry, TrialEntry } from '../journal/entries.ts';
import type { SweepSettings } from '../schema.ts';
import type { Result } from '../search/decisions.ts';
import { interval95, mean, meanCurve, summarise } from '../space/values.ts';
import type { CurvePoint, SweepState, Trial, TrialStatus } from '../trial.ts';

/** A trial while the log is read. */
interface TrialRecord {
  entry: TrialEntry;
  /** By rung, by replicate. */
  results: RunEntry[][];
  reasons: string[];
  /** Failed and repeated attempts by `rung replicate`, since the trial was last given another chance. */
  attempts: Map<string, number>;
  /** Attempts that failed and were repeated, in all. */
  retries: number;
  /** It failed, and is tried again. */
  isRetried: boolean;
  /** Rung to which it is being trained, or was last. */
  rung: number;
  status: TrialStatus;
}

/** A sweep's trials as its log tells them: a fold over the entries, which can be given one by one. */
export class SweepFold {
  readonly #settings: SweepSettings;
  readonly #records: TrialRecord[] = [];
  #over: 'finished' | 'failed' | undefined;
  #reason = '';

  constructor(settings: SweepSettings) {
    this.#settings = settings;
  }

  /** How it ended, and why. */
  get over(): 'finished' | 'failed' | undefined {
    return this.#over;
  }

  get reason(): string {
    return this.#reason;
  }

  get count(): number {
    return this.#records.length;
  }

  add(entry: LogEntry): void {
    const record = 'trial' in entry ? this.#records[entry.trial] : undefined;
    switch (entry.type) {
      case 'trial':
        this.#records[entry.trial] = recordOf(entry);
        return;
      case 'begin':
        if (record !== undefined) record.status = 'running';
        return;
      case 'retry':
        if (record === undefined) return;
        record.retries++;
        record.reasons.push(`attempt failed: ${faultText(entry)}`);
        record.attempts.set(`${entry.rung} ${entry.replicate}`, this.attempts(entry.trial, entry.rung, entry.replicate) + 1);
        return;
      case 'run':
        if (record !== undefined && (this.#over === undefined || record.status !== 'pruned')) this.#addRun(record, entry);
        return;
      case 'promote':
      case 'stop':
        if (record === undefined) return;
        record.reasons.push(entry.reason);
        record.status = entry.type === 'stop' ? 'pruned' : 'queued';
        if (entry.type === 'promote') record.rung = entry.rung + 1;
        return;
      case 'over':
        this.#over = entry.cause === 'failure' ? 'failed' : 'finished';
        this.#reason = entry.reason;
        for (const trial of entry.dropped) this.#drop(this.#records[trial], entry.reason);
        for (const waiting of this.#records) if (waiting.status === 'paused') prune(waiting, `the sweep ended: ${entry.reason}`);
        return;
      case 'reopen':
        this.#over = undefined;
        for (const trial of entry.retried ?? []) retry(this.#records[trial]);
        return;
      case 'sweep':
      case 'session':
      case 'pause':
        for (const running of this.#records) if (running.status === 'running') running.status = 'queued';
        return;
    }
  }

  /** What the replicates of a trial have come to at a rung; undefined while some are missing. */
  outcome(trial: number, rung: number): Result | undefined {
    const results = this.#records[trial]?.results[rung] ?? [];
    return this.#isComplete(results) ? outcomeOf(results, this.#settings) : undefined;
  }

  /** Attempts at a run that failed and were repeated. */
  attempts(trial: number, rung: number, replicate: number): number {
    return this.#records[trial]?.attempts.get(`${rung} ${replicate}`) ?? 0;
  }

  hasRun(trial: number, rung: number, replicate: number): boolean {
    return this.#records[trial]?.results[rung]?.[replicate] !== undefined;
  }

  /** Whether a trial that failed is being tried again. */
  isRetried(trial: number): boolean {
    return this.#records[trial]?.isRetried ?? false;
  }

  /** Trials that failed while they were trained; not those whose experiment is not valid, which no further attempt can mend. */
  failed(): number[] {
    return this.#records.flatMap(({ entry, status }) => (status === 'failed' && entry.fault === undefined ? [entry.trial] : []));
  }

  trial(number: number): Trial | undefined {
    const record = this.#records[number];
    return record && this.#trialOf(record);
  }

  trials(): Trial[] {
    return this.#records.map((record) => this.#trialOf(record));
  }

  /** The best of the trials that were trained to their end; without one, of all. */
  best(trials: readonly Trial[] = this.trials()): number | undefined {
    const { goal } = this.#settings.metric;
    const ended = trials.some(({ status }) => status === 'finished');
    let best: Trial | undefined;
    for (const trial of trials) {
      if (trial.value === null || trial.status === 'duplicate' || (ended && trial.status !== 'finished')) continue;
      if (best === undefined || (goal === 'minimize' ? trial.value < (best.value ?? 0) : trial.value > (best.value ?? 0))) best = trial;
    }
    return best?.number;
  }

  #addRun(record: TrialRecord, entry: RunEntry): void {
    const results = record.results[entry.rung] ?? [];
    record.results[entry.rung] = results;
    results[entry.replicate] = entry;
    if (!this.#isComplete(results)) return;
    const { status } = outcomeOf(results, this.#settings);
    record.isRetried = false;
    record.status = status === 'reached' ? (entry.isLast ? 'finished' : 'paused') : status;
    if (this.#over !== undefined && record.status === 'paused') prune(record, `the sweep ended: ${this.#reason}`);
    for (const result of results)
      if (result.fault !== undefined)
        record.reasons.push(`${result.status}: ${faultText(result as { fault: NonNullable<RunEntry['fault']> })}`);
  }

  #isComplete(results: readonly RunEntry[]): boolean {
    for (let i = 0; i < this.#settings.seeds; i++) if (results[i] === undefined) return false;
    return true;
  }

  /** What the last part brought does not count, whether it had come to its end or not. */
  #drop(record: TrialRecord | undefined, reason: string): void {
    if (record === undefined) return;
    record.results.length = Math.min(record.results.length, record.rung);
    prune(record, `the sweep ended: ${reason}`);
  }

  #trialOf(record: TrialRecord): Trial {
    const { entry, status, reasons, retries } = record;
    const original = entry.duplicateOf === undefined ? undefined : this.#records[entry.duplicateOf];
    const { results } = original ?? record;
    const complete = results.filter((runs) => this.#isComplete(runs));
    // A trial that diverged or failed has no value, whatever it had before.
    const last = complete.at(-1);
    const outcome = last && outcomeOf(last, this.#settings);
    const values = outcome?.status === 'reached' && last !== undefined ? valuesOf(last, this.#settings) : [];
    const interval = interval95(values);
    const hasRungs = this.#settings.early_terminate.type !== 'none';
    // One that diverged or failed on the way to a rung did not reach it.
    const reached = complete.findLast((runs) => outcomeOf(runs, this.#settings).status === 'reached')?.[0];
    return {
      number: entry.trial,
      assignment: entry.assignment,
      origin: entry.origin,
      status,
      value: outcome?.value ?? null,
      values,
      ...(interval !== undefined && { interval }),
      curve: last === undefined ? [] : meanCurve(last.map(({ curve }) => curve)),
      ...(hasRungs && reached !== undefined && { rung: reached.rung, resource: reached.resource }),
      reasons: [...reasons],
      ...(entry.duplicateOf !== undefined && { duplicateOf: entry.duplicateOf }),
      runs: entry.fault === undefined ? runDirectories(entry.duplicateOf ?? entry.trial, this.#settings.seeds) : [],
      retries,
      seconds: record.results.flat().reduce((sum, { seconds }) => sum + seconds, 0),
    };
  }
}

/** The folder of the runs of all trials, in the sweep's directory. */
export const TRIALS = 'trials';

/** Where the runs of a trial lie, relative to the sweep's directory: `trials/7`, or `trials/7-0`, `trials/7-1` for two seeds. */
export function runDirectories(trial: number, seeds: number): string[] {
  return Array.from({ length: seeds }, (_, replicate) => `${TRIALS}/${trial}${seeds === 1 ? '' : `-${replicate}`}`);
}

/**
 * Everything but `directory` is of the log.
 *
 * @param isAlive  a process works on the sweep: without one nothing is running, whatever the log of a killed one says
 */
export function sweepState(
  fold: SweepFold,
  sweep: Pick<SweepState, 'id' | 'name' | 'directory' | 'settings'>,
  isAlive: boolean,
): SweepState {
  const trials = fold.trials();
  if (!isAlive) for (const trial of trials) if (trial.status === 'running') trial.status = 'queued';
  const best = fold.best(trials);
  // A sweep that decides nothing more may still have trials to train to their end.
  const isLeft = trials.some(({ status }) => status === 'queued' || status === 'running');
  const status = (isLeft ? undefined : fold.over) ?? (isAlive ? 'running' : 'interrupted');
  return { ...sweep, status, trials, ...(best !== undefined && { best }) };
}

function recordOf(entry: TrialEntry): TrialRecord {
  const status = entry.fault !== undefined ? 'failed' : entry.duplicateOf !== undefined ? 'duplicate' : 'queued';
  const reasons = [
    ...(entry.note === undefined ? [] : [entry.note]),
    ...(entry.fault === undefined ? [] : [`failed: ${faultText({ fault: entry.fault })}`]),
    ...(entry.duplicateOf === undefined ? [] : [`the same experiment as trial ${entry.duplicateOf}`]),
  ];
  return { entry, results: [], reasons, attempts: new Map(), retries: 0, isRetried: false, rung: 0, status };
}

/** What failed, or was dropped, is to be trained again; replicates that came to a result keep it. */
function retry(record: TrialRecord | undefined): void {
  if (record === undefined) return;
  const results: RunEntry[] = [];
  // A missing replicate is a hole, which Object.values leaves out.
  for (const result of Object.values(record.results[record.rung] ?? [])) if (result.status !== 'failed') results[result.replicate] = result;
  record.results[record.rung] = results;
  record.attempts.clear();
  record.isRetried = record.status === 'failed';
  record.status = 'queued';
}

function prune(record: TrialRecord, reason: string): void {
  record.status = 'pruned';
  record.reasons.push(reason);
}

function outcomeOf(results: readonly RunEntry[], { metric }: SweepSettings): Result {
  const bad = results.find(({ status }) => status === 'failed') ?? results.find(({ status }) => status === 'diverged');
  if (bad !== undefined) return { status: bad.status, value: undefined, points: [] };
  const curves: (readonly CurvePoint[])[] = results.map(({ curve }) => curve);
  return { status: 'reached', value: mean(valuesOf(results, { metric })), points: meanCurve(curves).map(({ value }) => value) };
}

function valuesOf(results: readonly RunEntry[], { metric }: Pick<SweepSettings, 'metric'>): number[] {
  return results.flatMap(({ curve }) => summarise(curve, metric) ?? []);
}

function faultText({ fault: { code, where, message } }: { fault: NonNullable<RunEntry['fault']> }): string {
  return `${code}${where === undefined ? '' : ` ${where}:`} ${message}`;
}
