import type { LogEntry, RunEntry, TrialEntry } from '../journal/entries.ts';
import type { SweepSettings } from '../schema.ts';
import type { Result } from '../search/decisions.ts';
import type { SweepState, Trial } from '../trial.ts';
import { faultText, isComplete, outcomeOf, prune, recordOf, retry, statusOf, type TrialRecord, trialOf } from './record.ts';

/**
 * A sweep's trials as its log tells them: a fold over the entries, which can be given one by one. A trial is put together when it is
 * asked for, and again only once an entry has changed it: a sweep of thousands of trials is looked at several times a second.
 */
export class SweepFold {
  readonly #settings: SweepSettings;
  readonly #records: TrialRecord[] = [];
  /** As they were last asked for; undefined: changed since. */
  readonly #trials: (Trial | undefined)[] = [];
  /** By trial: its duplicates, which have its results. */
  readonly #duplicates = new Map<number, number[]>();
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
    if ('trial' in entry) this.#touch(entry.trial);
    switch (entry.type) {
      case 'trial':
        this.#addTrial(entry);
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
        for (const trial of entry.dropped) this.#drop(trial, entry.reason);
        for (const waiting of this.#withStatus('paused')) prune(waiting, `the sweep ended: ${entry.reason}`);
        return;
      case 'reopen':
        this.#over = undefined;
        for (const trial of entry.retried ?? []) {
          this.#touch(trial);
          retry(this.#records[trial]);
        }
        return;
      case 'sweep':
      case 'session':
      case 'pause':
        for (const running of this.#withStatus('running')) running.status = 'queued';
        return;
    }
  }

  /** What the replicates of a trial have come to at a rung; undefined while some are missing. */
  outcome(trial: number, rung: number): Result | undefined {
    const results = this.#records[trial]?.results[rung] ?? [];
    return isComplete(results, this.#settings) ? outcomeOf(results, this.#settings) : undefined;
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
    const trial = this.#trialAt(number);
    return trial && { ...trial };
  }

  /** Not to be changed: they are handed out again. */
  trials(): readonly Readonly<Trial>[] {
    return this.#records.flatMap((_, number) => this.#trialAt(number) ?? []);
  }

  /** The best of the trials that were trained to their end; without one, of all. */
  best(trials: readonly Readonly<Trial>[] = this.trials()): number | undefined {
    const { goal } = this.#settings.metric;
    const ended = trials.some(({ status }) => status === 'finished');
    let best: Readonly<Trial> | undefined;
    for (const trial of trials) {
      if (trial.value === null || trial.status === 'duplicate' || (ended && trial.status !== 'finished')) continue;
      if (best === undefined || (goal === 'minimize' ? trial.value < (best.value ?? 0) : trial.value > (best.value ?? 0))) best = trial;
    }
    return best?.number;
  }

  #trialAt(number: number): Trial | undefined {
    const record = this.#records[number];
    if (record === undefined) return undefined;
    const { duplicateOf } = record.entry;
    this.#trials[number] ??= trialOf(record, duplicateOf === undefined ? undefined : this.#records[duplicateOf], this.#settings);
    return this.#trials[number];
  }

  /** An entry changes the trial, and its duplicates with it. */
  #touch(trial: number): void {
    this.#trials[trial] = undefined;
    for (const duplicate of this.#duplicates.get(trial) ?? []) this.#trials[duplicate] = undefined;
  }

  /** Those that have a status, which they lose. */
  #withStatus(wanted: Trial['status']): TrialRecord[] {
    const records = this.#records.filter(({ status }) => status === wanted);
    for (const { entry } of records) this.#touch(entry.trial);
    return records;
  }

  #addTrial(entry: TrialEntry): void {
    const { trial, duplicateOf } = entry;
    this.#records[trial] = recordOf(entry);
    if (duplicateOf !== undefined) this.#duplicates.set(duplicateOf, [...(this.#duplicates.get(duplicateOf) ?? []), trial]);
  }

  #addRun(record: TrialRecord, entry: RunEntry): void {
    const results = record.results[entry.rung] ?? [];
    record.results[entry.rung] = results;
    results[entry.replicate] = entry;
    if (!isComplete(results, this.#settings)) return;
    const status = statusOf(results);
    record.isRetried = false;
    record.status = status === 'reached' ? (entry.isLast ? 'finished' : 'paused') : status;
    if (this.#over !== undefined && record.status === 'paused') prune(record, `the sweep ended: ${this.#reason}`);
    for (const { status: found, fault } of results) if (fault !== undefined) record.reasons.push(`${found}: ${faultText({ fault })}`);
  }

  /** What the last part brought does not count, whether it had come to its end or not. */
  #drop(trial: number, reason: string): void {
    const record = this.#records[trial];
    if (record === undefined) return;
    this.#touch(trial);
    record.results.length = Math.min(record.results.length, record.rung);
    prune(record, `the sweep ended: ${reason}`);
  }
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
  const trials = fold.trials().map((trial): Trial => ({ ...trial, ...(!isAlive && trial.status === 'running' && { status: 'queued' }) }));
  const best = fold.best(trials);
  // A sweep that decides nothing more may still have trials to train to their end.
  const isLeft = trials.some(({ status }) => status === 'queued' || status === 'running');
  const status = (isLeft ? undefined : fold.over) ?? (isAlive ? 'running' : 'interrupted');
  return { ...sweep, status, trials, ...(best !== undefined && { best }) };
}
