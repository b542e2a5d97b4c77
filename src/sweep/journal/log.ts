import { createHash, type Hash } from 'node:crypto';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { GradloomError, printable } from '../../errors.ts';
import { persist } from '../../runs/checkpoint/keeper.ts';
import type { Fence } from '../../storage/atomic.ts';
import { parseLine, visitLineBytes } from '../../storage/line-reader.ts';
import { type LineCalls, LineFile } from '../../storage/lines.ts';
import type { LogEntry, LoggedEntry } from './entries.ts';
import { LogOrder, parseEntry } from './schema.ts';
import { readVouched, writeVoucher } from './vouch.ts';

const NAME = 'log.jsonl';
/** The curve of a trial with a million evaluations. */
const LONGEST_LINE_BYTES = 2 ** 26;
/** How a line ends: what is before, with a brace behind it, is what the checksum is of. */
const CRC_START = Buffer.from(',"crc":"');
const CRC_BYTES = CRC_START.length + 10;
const BRACE = 0x7d;
const QUOTE = 0x22;
/** A shorter log is replayed in moments, so nobody vouches for it. */
const LEAST_VOUCHED = 10_000;

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
  /** Of all lines. */
  readonly #hash: Hash;
  #vouched: number;
  /** The fsync at work, whatever becomes of it. */
  #synced: Promise<unknown> = Promise.resolve();
  /** The one after it: of all who come meanwhile. */
  #next: Promise<void> | undefined;

  private constructor(file: LineFile, fence: Fence | undefined, seq = 0, { lines, hash } = { lines: 0, hash: createHash('sha256') }) {
    this.#file = file;
    this.#seq = seq;
    this.#hash = hash;
    this.#vouched = lines;
    this.fence = fence;
  }

  /**
   * @param fence  the directory's lock: nothing is written once it is lost
   * @throws GradloomError E_STORAGE, also where there is a log
   */
  static create(directory: string, fence?: Fence, calls?: LineCalls): TrialLog {
    return new TrialLog(LineFile.create(trialLogPath(directory), calls, fence), fence);
  }

  /** Goes on after the whole lines that `readTrialLog` has found; a torn one is cut off. Hold the directory's lock. */
  static async reopen(directory: string, { entries, length }: ReadLog, fence?: Fence, calls?: LineCalls): Promise<TrialLog> {
    const file = trialLogPath(directory);
    const vouched = readVouched(file, length);
    return new TrialLog(await LineFile.reopen(file, length, calls, fence), fence, entries.length, vouched);
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
    const json = JSON.stringify(numbered);
    const bytes = Buffer.from(`${json.slice(0, -1)},"crc":"${crcText(crc32(json))}"}\n`);
    this.#file.appendBytes(bytes);
    this.#hash.update(bytes);
    this.#seq++;
  }

  /** Lines at the beginning whose suggestions need not be computed again, as far as somebody has tried to vouch for them. */
  get vouched(): number {
    return this.#vouched;
  }

  /** Lines that came since somebody vouched for the log. */
  get unvouched(): number {
    return this.#seq - this.#vouched;
  }

  /** All that is in the log was decided by this version, or found to be what it decides. For who goes on with it: nothing hangs on it. */
  async vouch(): Promise<void> {
    if (this.#seq < LEAST_VOUCHED || this.#seq === this.#vouched) return;
    this.#vouched = this.#seq;
    try {
      await writeVoucher(this.#file.path, this.#seq, this.#file.length, this.#hash, this.fence);
    } catch {
      // A disk that is full, or another owner: the next session computes everything, or is told so by the log itself.
    }
  }

  /**
   * Makes all that was said survive a power loss.
   *
   * @throws GradloomError E_STORAGE if three tries fail, E_BUSY if the sweep has another owner by now: end the session
   */
  async sync(): Promise<void> {
    if (this.#next === undefined) {
      const next = this.#syncAfter(this.#synced);
      this.#next = next;
      // One failure is not that of all who come later.
      this.#synced = next.catch(() => undefined);
    }
    await this.#next;
  }

  async #syncAfter(before: Promise<unknown>): Promise<void> {
    await before;
    this.#next = undefined;
    await persist(() => this.#file.sync());
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
  const entries: LoggedEntry[] = [];
  const rest = visitTrialLog(directory, seeds, (entry) => entries.push(entry));
  return { entries, ...rest };
}

/**
 * `readTrialLog` where not all entries are needed at a time.
 *
 * @throws GradloomError as `readTrialLog`; until then entries are visited
 */
export function visitTrialLog(directory: string, seeds: number, visit: (entry: LoggedEntry) => void): Omit<ReadLog, 'entries'> {
  const file = trialLogPath(directory);
  const order = new LogOrder(seeds);
  return visitLineBytes(file, Number.POSITIVE_INFINITY, LONGEST_LINE_BYTES, (line, number) => {
    const i = number - 1;
    const entry = checkedLine(Buffer.from(line.buffer, line.byteOffset, line.length), file, number);
    if (entry['seq'] !== i) throw badLine(file, i, `the sequence number is ${printable(String(entry['seq']), 20)}, expected ${i}`);
    const parsed = parseEntry(entry);
    if (typeof parsed === 'string') throw notReplayed(directory, i, parsed);
    const problem = order.add(parsed);
    if (problem !== undefined) throw notReplayed(directory, i, problem);
    visit(parsed);
  });
}

/** A line without its checksum. @throws GradloomError E_RUN_FILE if it has another one */
function checkedLine(bytes: Buffer, file: string, number: number): Record<string, unknown> {
  const at = bytes.length - CRC_BYTES;
  // Nearly always: then nothing is written out again to be compared.
  if (at > 0 && bytes.indexOf(CRC_START, at) === at && bytes[bytes.length - 2] === QUOTE && bytes[bytes.length - 1] === BRACE) {
    const said = bytes.toString('latin1', at + CRC_START.length, bytes.length - 2);
    const comma = bytes[at] as number;
    bytes[at] = BRACE;
    const own = bytes.subarray(0, at + 1);
    if (crcText(crc32(own)) === said) return parseLine(own, file, number);
    bytes[at] = comma;
  }
  const { crc, ...entry } = parseLine(bytes, file, number);
  if (crc !== checksum(entry))
    throw badLine(file, number - 1, `the checksum is ${printable(String(crc), 20)}, expected ${checksum(entry)}`);
  return entry;
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
  return crcText(crc32(JSON.stringify(entry)));
}

function crcText(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}

function badLine(file: string, index: number, message: string): GradloomError {
  return new GradloomError({
    code: 'E_RUN_FILE',
    where: `${printable(file)}:${index + 1}`,
    message,
    next: 'restore the file from a copy; it was changed after it was written',
  });
}
