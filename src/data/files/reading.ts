import { channel } from 'node:diagnostics_channel';

/**
 * How far a file, or a set of pictures, is read or decoded. Told on Node's diagnostics channel of this name to whoever subscribes, in the
 * thread that reads: reading takes no longer for it where nobody does.
 */
export const READING_CHANNEL = 'gradloom:reading';

/** How far the reading of a file is. */
export interface ReadingProgress {
  path: string;
  /** Of `total`: bytes of the file as it lies there, rows of a Parquet file, or pictures. Equal at the end, also where a part was enough. */
  done: number;
  total: number;
}

const reading = channel(READING_CHANNEL);

export function tellReading(path: string, done: number, total: number): void {
  if (reading.hasSubscribers) reading.publish({ path, done, total } satisfies ReadingProgress);
}

/** Calls back for all that is read from now on. */
export function onReading(listener: (progress: ReadingProgress) => void): void {
  reading.subscribe((message) => listener(message as ReadingProgress));
}
