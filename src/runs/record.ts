import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { readBlockYaml } from '../config/block-yaml.ts';
import { type Leaf, leavesOf } from '../config/leaves.ts';
import type { Summary } from './events.ts';

/** Words to find runs by that were changed after the run began; in place of `tags` of config.yaml. */
export const TAGS_FILE = 'tags.json';

/** `running`: a process holds its lock; `killed`: it ended without a summary; `damaged`: its files cannot be read. */
export type RecordStatus = Summary['status'] | 'running' | 'killed' | 'damaged';

/** A run as its files tell it, in what a list of runs shows. */
export interface RunRecord {
  /** Name of its directory. */
  id: string;
  name: string;
  status: RecordStatus;
  /** ISO 8601, UTC; null if the id does not tell it. */
  started: string | null;
  tags: readonly string[];
  steps: number | null;
  epochs: number | null;
  seconds: number | null;
  samples_per_second: number | null;
  workers: number | null;
  digest: string | null;
  /** The last value of every metric. */
  last: Readonly<Record<string, number | null>>;
  /** The best value of every evaluated metric. */
  best: Readonly<Record<string, number>>;
  /** What cannot be read, or the error that ended the run. */
  problem: string | null;
}

/** A run's config by dotted name: `optimizer.lr`. */
export type ConfigLeaves = Readonly<Record<string, Leaf>>;

/**
 * Reads a run's record and config. Files that cannot be read make the run `damaged`, never the list of runs. Whether a process is at work
 * in the run is not looked at.
 *
 * @param hasSummary  whether there is a summary.json
 * @param hasTags     whether there is a tags.json
 */
export function readRecord(directory: string, hasSummary: boolean, hasTags: boolean): { record: RunRecord; config: ConfigLeaves } {
  const problems: string[] = [];
  const attempt = <T>(file: string, read: (text: string) => T | undefined): T | undefined => {
    try {
      const value = read(readFileSync(path.join(directory, file), 'utf8'));
      if (value === undefined) problems.push(`${file}: not what gradloom writes`);
      return value;
    } catch (error) {
      problems.push(`${file}: ${(error as Error).message.split('\n')[0]}`);
      return undefined;
    }
  };
  const config = attempt('config.yaml', (text) => objectOf(readBlockYaml(text) ?? parse(text, { schema: 'core' })));
  const summary = hasSummary ? attempt('summary.json', (text) => objectOf(JSON.parse(text))) : undefined;
  const tags = hasTags ? attempt(TAGS_FILE, (text) => textsOf(JSON.parse(text))) : undefined;
  const id = path.basename(directory);
  const status = statusOf(summary?.['status']);
  if (summary !== undefined && status === undefined) problems.push('summary.json: no known status');
  const error = objectOf(summary?.['error']);
  return {
    record: {
      id,
      name: textOf(config?.['name']) ?? id,
      status: problems.length > 0 ? 'damaged' : (status ?? 'killed'),
      started: startOf(id),
      tags: tags ?? textsOf(config?.['tags']) ?? [],
      steps: numberOf(summary?.['steps']),
      epochs: numberOf(summary?.['epochs']),
      seconds: numberOf(summary?.['seconds']),
      samples_per_second: numberOf(summary?.['samples_per_second']),
      workers: numberOf(summary?.['workers']),
      digest: textOf(summary?.['digest']) ?? null,
      last: numbersOf(summary?.['last'], numberOf),
      best: withoutNull(numbersOf(summary?.['best'], (value) => numberOf(objectOf(value)?.['value']))),
      problem: problems.length > 0 ? problems.join('; ') : (textOf(error?.['message']) ?? null),
    },
    config: leavesOf(config),
  };
}

const STATUSES = ['finished', 'interrupted', 'paused', 'diverged', 'failed'] as const satisfies readonly Summary['status'][];

function statusOf(value: unknown): Summary['status'] | undefined {
  return STATUSES.find((status) => status === value);
}

/** The time in an id as `createRunDirectory` makes it. */
function startOf(id: string): string | null {
  const [, year, month, day, hour, minute, second] = /-(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-[0-9a-f]{6}$/.exec(id) ?? [];
  return year === undefined ? null : `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
}

export function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function textsOf(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}

function numbersOf(value: unknown, read: (value: unknown) => number | null): Record<string, number | null> {
  return Object.fromEntries(Object.entries(objectOf(value) ?? {}).map(([key, item]) => [key, read(item)]));
}

function withoutNull(numbers: Record<string, number | null>): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).filter((entry): entry is [string, number] => entry[1] !== null));
}
