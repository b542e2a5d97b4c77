import path from 'node:path';
import { crc32 } from 'node:zlib';
import { GradloomError, printable } from '../errors.ts';
import { persist } from '../runs/keeper.ts';
import type { Fence } from '../storage/atomic.ts';
import { type LineCalls, LineFile, readLines } from '../storage/lines.ts';
import { type LOG_VERSION, LogOrder, parseEntry, type SessionRules } from './log-schema.ts';
import type { Assignment, CurvePoint } from './trial.ts';

/** What went wrong, as an error of gradloom tells it. */
export interface Fault {
  code: string;
  where?: string | undefined;
  message: string;
}

/** The first line: what the sweep is, for good. */
export interface SweepEntry {
  type: 'sweep';
  /** Of the rules by which it decides, so that the log of an older one replays. */
  version: 1 | typeof LOG_VERSION;
  id: string;
  name: string;
  /** Trials whose results a decision does not wait for; see search.ts. */
  lanes: number;
  /** The files as they were at the start, to tell what somebody changed. */
  files: Readonly<Record<string, string>>;
}

/** A process has begun to work on the sweep. */
export interface SessionEntry {
  type: 'session';
  pid: number;
  cores: number;
  /** UTC; a label only. */
  at: string;
  /** What it decides by from here on. */
  rules?: SessionRules | undefined;
}

/** A decision. `after` of them all: how many results it knew. */
export type StepEntry = (TrialEntry | DecisionEntry | OverEntry) & { after: number };

/** A trial is suggested, and starts unless it is a duplicate or its experiment is not valid. */
export interface TrialEntry {
  type: 'trial';
  trial: number;
  assignment: Assignment;
  /** enqueue | the sampler's name */
  origin: string;
  /** Digest of all that can change its result. */
  key: string;
  duplicateOf?: number | undefined;
  fault?: Fault | undefined;
  note?: string | undefined;
}

/** A trial goes on from a rung, or is stopped there. */
export interface DecisionEntry {
  type: 'promote' | 'stop';
  trial: number;
  rung: number;
  reason: string;
}

/** Nothing is started any more. */
export interface OverEntry {
  type: 'over';
  cause: 'done' | 'target' | 'budget' | 'failure';
  reason: string;
  /** Trials whose part under way does not count: it ends with what they had before. */
  dropped: readonly number[];
}

/** A process takes up a trial's run; the rung says how far. Not synced: it matters to the live only. */
export interface BeginEntry {
  type: 'begin';
  trial: number;
  rung: number;
  replicate: number;
  workers: number;
}

/** A run has come to its rung, or to an end. There is one such line for each (trial, rung, replicate). */
export interface RunEntry {
  type: 'run';
  trial: number;
  rung: number;
  replicate: number;
  /** reached: as far as the rung asks, or to an early end of its own. */
  status: 'reached' | 'diverged' | 'failed';
  /** Updates done, and the rung's epochs or steps. */
  steps: number;
  resource: number;
  isLast: boolean;
  /** The metric at all evaluations so far. */
  curve: readonly CurvePoint[];
  digest: string;
  seconds: number;
  fault?: Fault | undefined;
}

/** An attempt failed and is repeated. */
export interface RetryEntry {
  type: 'retry';
  trial: number;
  rung: number;
  replicate: number;
  fault: Fault;
}

/** A sweep is given more to do: it goes on if it was over, and the trials named are tried again from the rung at which they failed. */
export interface ReopenEntry {
  type: 'reopen';
  after: number;
  retried?: readonly number[] | undefined;
}

/** The process ends the session by itself. */
export interface PauseEntry {
  type: 'pause';
  reason: string;
}

export type LogEntry = SweepEntry | SessionEntry | StepEntry | BeginEntry | RunEntry | RetryEntry | ReopenEntry | PauseEntry;
/** An entry as it stands in the file. */
export type LoggedEntry = LogEntry & {
  seq: number;
  /** Seconds since the session began. */
  t: number;
};

const NAME = 'log.jsonl';

export function trialLogPath(directory: string): string {
  return path.join(directory, NAME);
}

/**
 * The log of a sweep: one JSON object a line with a sequence number and a checksum, appended and synced before anything is built on it.
 * All that a sweep knows is a fold over it; there is no other state. What was appended has been said, also where the disk refused it: it
 * has its number, and is written with the next entries that the disk takes.
 */
export class TrialLog {
  /** The right to write in the sweep's directory. */
  readonly fence: Fence | undefined;
  readonly #file: LineFile;
  readonly #startedAt = performance.now();
  #seq: number;
  /** fsyncs, one after the other, whatever became of them. */
  #synced: Promise<unknown> = Promise.resolve();

  private constructor(file: LineFile, seq: number, fence: Fence | undefined) {
    this.#file = file;
    this.#seq = seq;
    this.fence = fence;
  }

  /**
   * @param fence  the directory's lock: nothing is written once it is lost
   * @throws GradloomError E_STORAGE, also where there is a log
   */
  static create(directory: string, fence?: Fence, calls?: LineCalls): TrialLog {
    return new TrialLog(LineFile.create(trialLogPath(directory), calls, fence), 0, fence);
  }

  /** Goes on after the whole lines that `readTrialLog` has found; a torn one is cut off. Hold the directory's lock. */
  static reopen(directory: string, { entries, length }: ReadLog, fence?: Fence, calls?: LineCalls): TrialLog {
    return new TrialLog(LineFile.reopen(trialLogPath(directory), length, calls, fence), entries.length, fence);
  }

  /** Seconds since the log was opened. */
  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /**
   * Appends entries; they, and all before, survive a power loss once the promise is fulfilled.
   *
   * @throws GradloomError as `sync`
   */
  async append(...entries: readonly LogEntry[]): Promise<void> {
    for (const entry of entries) this.note(entry);
    await this.sync();
  }

  /** Appends without waiting for the disk: whether it took it is for the next `sync` to say. */
  note(entry: LogEntry): void {
    const numbered: LoggedEntry = { seq: this.#seq, t: Math.round(this.seconds * 1000) / 1000, ...entry };
    this.#file.append({ ...numbered, crc: checksum(numbered) });
    this.#seq++;
  }

  /**
   * Makes all that was said survive a power loss.
   *
   * @throws GradloomError E_STORAGE if three tries fail, E_BUSY if the sweep has another owner by now: end the session
   */
  async sync(): Promise<void> {
    const before = this.#synced;
    const synced = (async (): Promise<void> => {
      await before;
      await persist(() => this.#file.sync());
    })();
    // One failure is not that of all who come later.
    this.#synced = synced.catch(() => undefined);
    await synced;
  }

  async close(): Promise<void> {
    await this.#synced;
    this.#file.close();
  }
}

export interface ReadLog {
  entries: LoggedEntry[];
  /** Bytes of the whole lines. */
  length: number;
  /** The last line is torn, as a crash leaves it; it is not among the entries. */
  isTorn: boolean;
}

/**
 * Reads a sweep's log; a process that writes it is not disturbed.
 *
 * @param seeds  replicates of a trial, where that is known
 * @throws GradloomError E_RUN_FILE with the line number if any line but a torn last one is damaged, missing, out of order or not an entry
 *   that can stand there; E_DATA_READ
 */
export function readTrialLog(directory: string, seeds = Number.POSITIVE_INFINITY): ReadLog {
  const file = trialLogPath(directory);
  const { lines, ...rest } = readLines(file);
  const order = new LogOrder(seeds);
  const entries = lines.map((line, i) => {
    const { crc, ...entry } = line;
    if (crc !== checksum(entry)) throw badLine(file, i, `the checksum is ${printable(String(crc), 20)}, expected ${checksum(entry)}`);
    if (entry['seq'] !== i) throw badLine(file, i, `the sequence number is ${printable(String(entry['seq']), 20)}, expected ${i}`);
    const parsed = parseEntry(entry);
    if (typeof parsed === 'string') throw notReplayed(directory, i, parsed);
    const problem = order.add(parsed);
    if (problem !== undefined) throw notReplayed(directory, i, problem);
    return parsed;
  });
  return { entries, ...rest };
}

/** A line that is whole, but tells what cannot have happened: another version has written it, or somebody. */
export function notReplayed(directory: string, index: number, problem: string): GradloomError {
  return new GradloomError({
    code: 'E_RUN_FILE',
    where: `${printable(trialLogPath(directory))}:${index + 1}`,
    message: `does not replay: ${problem}`,
    next: 'go on with the version of gradloom that wrote it, restore it from a copy, or start a new sweep',
  });
}

/** CRC-32 of the entry's JSON text, which JSON.parse and JSON.stringify reproduce. */
function checksum(entry: object): string {
  return crc32(JSON.stringify(entry)).toString(16).padStart(8, '0');
}

function badLine(file: string, index: number, message: string): GradloomError {
  return new GradloomError({
    code: 'E_RUN_FILE',
    where: `${printable(file)}:${index + 1}`,
    message,
    next: 'restore the file from a copy; it was changed after it was written',
  });
}
