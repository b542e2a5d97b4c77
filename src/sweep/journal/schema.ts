import * as z from 'zod';
import { printable } from '../../errors.ts';
import { isShallow } from '../../storage/shallow.ts';
import { MAX_LANES, parameterValue } from '../schema.ts';
import { LOG_VERSION, type LoggedEntry } from './entries.ts';
import { isPlainEntry } from './quick-shape.ts';

/** A sweep has at most so many trials (`run_cap`), and so many seeds. */
const MAX_TRIALS = 1_000_000;
const MAX_SEEDS = 1000;
const MAX_SHOWN = 60;
const MOST = { trials: MAX_TRIALS, seeds: MAX_SEEDS, lanes: MAX_LANES };

const trial = z.int().min(0).max(MAX_TRIALS);
const rung = z.int().min(0);
const replicate = z
  .int()
  .min(0)
  .max(MAX_SEEDS - 1);
const seconds = z.number().min(0);
const count = z.int().min(0);
const after = count;
const lanes = z.int().min(1).max(MAX_LANES);
/** As in a sweep file, whose reader stops at so many levels. */
const assigned = z
  .unknown()
  .refine((value) => isShallow(value), 'nested too deep')
  .pipe(parameterValue);
const fault = z.object({ code: z.string(), where: z.string().optional(), message: z.string() });
const numbering = { seq: count, t: seconds };

const rules = z.object({
  order: z.enum(['logical', 'arrival']),
  lanes,
  run_cap: z.int().min(1).max(MAX_TRIALS).optional(),
  // biome-ignore lint/suspicious/noThenProperty: a key of the sweep file; a word can not be mistaken for a promise
  then: z.enum(['continue', 'stop']), // oxlint-disable-line unicorn/no-thenable
  abort_after: count,
  impute: z.enum(['worst', 'none']),
});

const decision = z.object({ ...numbering, trial, rung, reason: z.string(), after });
const run = z.object({
  ...numbering,
  type: z.literal('run'),
  trial,
  rung,
  replicate,
  status: z.enum(['reached', 'diverged', 'failed']),
  steps: count,
  resource: count,
  isLast: z.boolean(),
  curve: z.array(z.object({ step: count, epoch: z.number().min(0), value: z.number() })),
  digest: z.string(),
  seconds,
  fault: fault.optional(),
});

const entry = z.discriminatedUnion('type', [
  z.object({
    ...numbering,
    type: z.literal('sweep'),
    version: z.literal([1, 2, LOG_VERSION]),
    id: z.string(),
    name: z.string(),
    lanes,
    files: z.record(z.string(), z.string()),
  }),
  z.object({ ...numbering, type: z.literal('session'), pid: count, cores: count, at: z.string(), rules: rules.optional() }),
  z.object({
    ...numbering,
    type: z.literal('trial'),
    trial,
    assignment: z.record(z.string(), assigned),
    origin: z.string(),
    key: z.string(),
    duplicateOf: trial.optional(),
    fault: fault.optional(),
    note: z.string().optional(),
    after,
  }),
  decision.extend({ type: z.literal('promote') }),
  decision.extend({ type: z.literal('stop') }),
  z.object({
    ...numbering,
    type: z.literal('over'),
    cause: z.enum(['done', 'target', 'budget', 'failure']),
    reason: z.string(),
    dropped: z.array(trial),
    after,
  }),
  z.object({ ...numbering, type: z.literal('begin'), trial, rung, replicate, workers: z.int().min(1).max(MAX_LANES) }),
  run,
  z.object({ ...numbering, type: z.literal('retry'), trial, rung, replicate, fault }),
  z.object({ ...numbering, type: z.literal('reopen'), after, retried: z.array(trial).optional() }),
  z.object({ ...numbering, type: z.literal('pause'), reason: z.string() }),
]);

/** An entry of the log, or what is wrong with the object in its place. */
export function parseEntry(line: Readonly<Record<string, unknown>>): LoggedEntry | string {
  if (isPlainEntry(line, MOST)) return line;
  const parsed = entry.safeParse(line);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue === undefined) return 'not an entry of a sweep';
  const { path, message } = issue;
  const found = path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], line);
  const text = found === undefined ? 'nothing' : printable(JSON.stringify(found), MAX_SHOWN);
  return `${printable(path.join('.'), MAX_SHOWN)}: ${message.slice(0, 1).toLowerCase()}${message.slice(1)}; got ${text}`;
}

/** A trial as far as it tells which entries may follow. */
interface Known {
  /** It has runs: it is no duplicate, and its experiment is valid. */
  isTrained: boolean;
  rung: number;
  /** `rung replicate` of the runs that have a result. */
  results: Set<string>;
}

/**
 * What one entry must have to do with those before it, whatever decided them: trials are numbered in order and are trained from rung to
 * rung, and each part has one result.
 */
export class LogOrder {
  readonly #trials: Known[] = [];
  readonly #seeds: number;
  #after = 0;
  #isFirst = true;

  /** @param seeds  replicates of a trial */
  constructor(seeds: number) {
    this.#seeds = seeds;
  }

  /** @returns what is wrong with the next entry; undefined if nothing is */
  add(next: LoggedEntry): string | undefined {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (isFirst !== (next.type === 'sweep')) return isFirst ? 'not the beginning of a sweep' : 'another beginning of a sweep';
    if ('after' in next) {
      if (next.after < this.#after) return `knows ${next.after} results, expected ${this.#after} or more`;
      this.#after = next.after;
    }
    switch (next.type) {
      case 'trial':
        return this.#addTrial(next.trial, next.fault === undefined, next.duplicateOf);
      case 'over':
        return next.dropped.map((one) => this.#problem(one)).find((problem) => problem !== undefined);
      case 'reopen':
        return this.#reopen(next.retried ?? []);
      case 'begin':
      case 'retry':
      case 'promote':
      case 'stop':
      case 'run': {
        const problem = this.#problem(next.trial, next.rung) ?? ('replicate' in next ? this.#replicateProblem(next.replicate) : undefined);
        if (problem !== undefined) return problem;
        const known = this.#trials[next.trial];
        if (next.type === 'promote' && known !== undefined) known.rung++;
        return next.type === 'run' ? this.#addRun(next.trial, next.rung, next.replicate) : undefined;
      }
      case 'sweep':
      case 'session':
      case 'pause':
        return undefined;
    }
  }

  #addTrial(number: number, isValid: boolean, original: number | undefined): string | undefined {
    const { length } = this.#trials;
    if (number !== length) return `trial ${number}, expected trial ${length}`;
    if (original !== undefined && this.#trials[original]?.isTrained !== true) return `a duplicate of trial ${original}, which has no runs`;
    this.#trials.push({ isTrained: isValid && original === undefined, rung: 0, results: new Set() });
    return undefined;
  }

  #addRun(number: number, at: number, replicateNumber: number): string | undefined {
    const results = this.#trials[number]?.results;
    const key = `${at} ${replicateNumber}`;
    if (results?.has(key) === true) return `a second result of trial ${number}, rung ${at}, replicate ${replicateNumber}`;
    results?.add(key);
    return undefined;
  }

  #reopen(retried: readonly number[]): string | undefined {
    for (const number of retried) {
      const problem = this.#problem(number);
      if (problem !== undefined) return problem;
      this.#trials[number]?.results.clear();
    }
    return undefined;
  }

  #problem(number: number, at?: number): string | undefined {
    const known = this.#trials[number];
    if (known === undefined) return `trial ${number}, expected one of the ${this.#trials.length} that have begun`;
    if (!known.isTrained) return `trial ${number}, which has no runs`;
    return at === undefined || at === known.rung ? undefined : `rung ${at} of trial ${number}, expected rung ${known.rung}`;
  }

  #replicateProblem(number: number): string | undefined {
    return number < this.#seeds ? undefined : `replicate ${number}, expected one below ${this.#seeds}`;
  }
}
