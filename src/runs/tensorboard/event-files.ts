import os from 'node:os';
import path from 'node:path';
import { type Fence, type FileCalls, writeFileAtomic } from '../../storage/atomic.ts';
import { namesInFolder } from '../../storage/folder.ts';
import { type LineCalls, LineFile } from '../../storage/lines.ts';
import { encodeRecord, readRecords } from '../../storage/records/records.ts';
import type { MetricsLine } from '../events.ts';
import { type EventContent, type EventHead, encodeEvent, readHead } from './event.ts';

/** `events.out.tfevents.` and when it was begun, in seconds: TensorBoard reads the files of a directory in the order of their names. */
const NAME = /^events\.out\.tfevents\.(\d{10,})\.[\w.-]+$/;
const LIMIT_BYTES = 2 ** 31 - 1;

export interface EventFilesParts {
  directory: string;
  fence: Fence;
  calls: { files?: FileCalls | undefined; lines?: LineCalls | undefined };
  /** Lines of metrics.jsonl that count. */
  lines: readonly MetricsLine[];
  /** The step that training goes on from. */
  step: number;
  /** A part of the run has been trained before. */
  isResumed: boolean;
}

/** A record that is there already. */
interface Kept {
  payload: Uint8Array;
  head: EventHead;
}

/** Counts the files that this process has begun, so that no two have one name. */
let begun = 0;

/**
 * Begins a new event file of a run. What earlier parts of the run wrote and does not count any more is cut out of their files, which are
 * replaced by new ones for that: a TensorBoard that has them open keeps on reading what it knows. What counts of the step that training goes
 * on from moves to the new file, behind a session start, by which TensorBoard forgets what it has of that step and of later ones. Lines that
 * have no record, for a disk was full or events were not wanted, get theirs now.
 *
 * @throws GradloomError E_STORAGE, E_RUN_FILE, E_BUSY
 */
export async function beginEventFile({
  directory,
  fence,
  calls,
  lines,
  step,
  isResumed,
}: EventFilesParts): Promise<{ file: LineFile; hasHyperparameters: boolean }> {
  const earlier = namesInFolder(directory)
    .filter((name) => NAME.test(name))
    .toSorted((a, b) => secondsOf(a) - secondsOf(b) || (a < b ? -1 : 1));
  const moved: Kept[] = [];
  let count = 0;
  let hasHyperparameters = false;
  let isOver = false;
  for (const name of earlier) {
    const place = path.join(directory, name);
    const kept: Kept[] = [];
    for (const record of readAll(place)) {
      const { kind } = record.head;
      if (kind === 'hyperparameters') hasHyperparameters = true;
      const isLine = kind === 'scalars';
      // A record that is not of the next line is of another history.
      if (isLine && (count >= lines.length || record.head.step !== lines[count]?.step)) isOver = true;
      if (kind === 'version' || kind === 'hyperparameters') kept.push(record);
      else if (kind !== 'start' && !isOver) (record.head.step < step ? kept : moved).push(record);
      if (isLine && !isOver) count++;
    }
    fence.check();
    await writeFileAtomic(place, Buffer.concat(kept.map(({ payload }) => encodeRecord(payload))), calls.files, fence);
  }
  const seconds = Math.max(Math.floor(Date.now() / 1000), ...earlier.map((name) => secondsOf(name) + 1));
  const host = os.hostname().replaceAll(/[^\w-]+/g, '-') || 'host';
  const file = LineFile.create(
    path.join(directory, `events.out.tfevents.${seconds}.${host}.${process.pid}.${begun++}`),
    calls.lines,
    fence,
  );
  const put = (content: EventContent): void => void file.appendBytes(encodeRecord(encodeEvent(content, Date.now() / 1000)));
  put({ kind: 'version' });
  if (isResumed) put({ kind: 'start', step });
  for (const { payload } of moved) file.appendBytes(encodeRecord(payload));
  for (const line of lines.slice(count)) put(scalarsOf(line));
  return { file, hasHyperparameters };
}

/** A line of metrics.jsonl under the names that it has there; what was not finite is NaN. */
export function scalarsOf({ step, epoch: _epoch, ...values }: MetricsLine): EventContent {
  return { kind: 'scalars', step, values: Object.entries(values).map(([tag, value]) => [tag, value ?? Number.NaN]) };
}

function readAll(file: string): Kept[] {
  return readRecords(file, LIMIT_BYTES).flatMap((payload) => {
    try {
      return [{ payload, head: readHead(payload) }];
    } catch {
      // Somebody else's record, with a right checksum: nothing of ours is lost with it.
      return [];
    }
  });
}

function secondsOf(name: string): number {
  return Number(NAME.exec(name)?.[1] ?? 0);
}
