import type { LogEntry, RunEntry, TrialEntry } from '../journal/entries.ts';
import type { SweepSettings } from '../schema.ts';
import type { Result } from '../search/decisions.ts';
import type { SweepState, Trial } from '../trial.ts';
import { faultText, isComplete, outcomeOf, prune, recordOf, retry, standOf, statusOf, type TrialRecord, trialOf } from './record.ts';
import { Standing } from './standing.ts';

/**
 * A sweep's trials as its log tells them: a fold over the entries, which can be given one by one. A trial is put together when it is
 * asked for; one under way, which is asked for often, again only once an entry has changed it.
 */
export class SweepFold {
  readonly #settings: SweepSettings;
  readonly #records: TrialRecord[] = [];
  /** Trials under way, as they were last asked for. */
  readonly #asked = new Map<number, Trial>();
  /** Trials that were taken up and have not come to their rung, and some that have. */
  readonly #running = new Set<number>();
  readonly #standing: Standing;
  /** Trials that have changed since they were counted. */
  readonly #uncounted = new Set<number>();
  /** By trial: its duplicates, which have its results. */
  readonly #duplicates = new Map<number, number[]>();
  #over: 'finished' | 'failed' | undefined;
  #reason = '';

  constructor(settings: SweepSettings) {
    this.#settings = settings;
    this.#standing = new Standing(settings);
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
        if (record === undefined) return;
        record.status = 'running';
        this.#running.add(entry.trial);
        return;
      case 'retry':
        if (record === undefined) return;
        record.retries++;
        record.reasons.push(`attempt failed: ${faultText(entry)}`);
        record.attempts ??= new Map();
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
        for (const waiting of this.#records) if (waiting.status === 'paused') this.#prune(waiting, entry.reason);
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
        this.#stopAll();
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
    return this.#records[trial]?.attempts?.get(`${rung} ${replicate}`) ?? 0;
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

  trials(): Trial[] {
    return this.#records.flatMap((_, number) => this.trial(number) ?? []);
  }

  /** The sweep as a whole. */
  get standing(): Pick<Standing, 'ended' | 'resource' | 'best'> {
    for (const trial of this.#uncounted) {
      const record = this.#records[trial];
      if (record !== undefined) this.#standing.set(trial, standOf(record, this.#originalOf(record), this.#settings));
    }
    this.#uncounted.clear();
    return this.#standing;
  }

  #trialAt(number: number): Trial | undefined {
    const known = this.#asked.get(number);
    const record = this.#records[number];
    if (known !== undefined || record === undefined) return known;
    const trial = trialOf(record, this.#originalOf(record), this.#settings);
    if (trial.status === 'running' || trial.status === 'queued') this.#asked.set(number, trial);
    return trial;
  }

  #originalOf({ entry: { duplicateOf } }: TrialRecord): TrialRecord | undefined {
    return duplicateOf === undefined ? undefined : this.#records[duplicateOf];
  }

  /** An entry changes the trial, and its duplicates with it. */
  #touch(trial: number): void {
    for (const changed of [trial, ...(this.#duplicates.get(trial) ?? [])]) {
      this.#asked.delete(changed);
      this.#uncounted.add(changed);
    }
  }

  /** Nobody trains any more. */
  #stopAll(): void {
    for (const trial of this.#running) {
      const record = this.#records[trial];
      if (record?.status !== 'running') continue;
      this.#touch(trial);
      record.status = 'queued';
    }
    this.#running.clear();
  }

  #addTrial(entry: TrialEntry): void {
    const { trial, duplicateOf } = entry;
    this.#records[trial] = recordOf(entry);
    if (duplicateOf === undefined) return;
    const duplicates = this.#duplicates.get(duplicateOf) ?? [];
    this.#duplicates.set(duplicateOf, duplicates);
    duplicates.push(trial);
  }

  #addRun(record: TrialRecord, entry: RunEntry): void {
    const results = record.results[entry.rung] ?? [];
    record.results[entry.rung] = results;
    results[entry.replicate] = entry;
    if (!isComplete(results, this.#settings)) return;
    this.#running.delete(entry.trial);
    const status = statusOf(results);
    record.isRetried = false;
    record.status = status === 'reached' ? (entry.isLast ? 'finished' : 'paused') : status;
    if (this.#over !== undefined && record.status === 'paused') this.#prune(record, this.#reason);
    for (const { status: found, fault } of results) if (fault !== undefined) record.reasons.push(`${found}: ${faultText({ fault })}`);
  }

  /** What the last part brought does not count, whether it had come to its end or not. */
  #drop(trial: number, reason: string): void {
    const record = this.#records[trial];
    if (record === undefined) return;
    record.results.length = Math.min(record.results.length, record.rung);
    this.#prune(record, reason);
  }

  #prune(record: TrialRecord, reason: string): void {
    this.#touch(record.entry.trial);
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
  const trials = fold.trials();
  if (!isAlive) for (const trial of trials) if (trial.status === 'running') trial.status = 'queued';
  const { best } = fold.standing;
  // A sweep that decides nothing more may still have trials to train to their end.
  const isLeft = trials.some(({ status }) => status === 'queued' || status === 'running');
  const status = (isLeft ? undefined : fold.over) ?? (isAlive ? 'running' : 'interrupted');
  return { ...sweep, status, trials, ...(best !== undefined && { best }) };
}
