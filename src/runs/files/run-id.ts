import { randomBytes } from 'node:crypto';

/** `<name>-<UTC time>-<random>`: sorts by time, and is never taken twice. */
export function newRunId(name: string, now: Date): string {
  const time = now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return `${name}-${time}-${randomBytes(3).toString('hex')}`;
}

const END = /-(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-([0-9a-f]{6})$/;

/** When the run began, ISO 8601, UTC; null if the id does not tell it, as one that was chosen. */
export function startedAt(id: string): string | null {
  const [, year, month, day, hour, minute, second] = END.exec(id) ?? [];
  return year === undefined ? null : `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
}

/** An id without its time: `mnist-29898d`, short enough for tables. */
export function shortId(id: string): string {
  return id.replace(END, '-$7');
}
