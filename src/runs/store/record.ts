import path from 'node:path';
import { parse } from 'yaml';
import { readBlockYaml } from '../../config/text/block-yaml.ts';
import { excessOf } from '../../config/text/parse.ts';
import { MAX_BYTES } from '../../config/text/source.ts';
import { type ConfigValue, configValues } from '../../config/tree/values.ts';
import { GradloomError } from '../../errors.ts';
import { damaged, readOwnText } from '../../storage/read.ts';
import { STATUSES } from '../events.ts';
import { readSummary, readTags } from '../files/file-shapes.ts';
import { RUN_FILES, type RunFile, runFile } from '../files/names.ts';
import { startedAt } from '../files/run-id.ts';

/** `running`: a process holds its lock; `killed`: it ended without a summary; `damaged`: its files cannot be read. */
export const RECORD_STATUSES = [...STATUSES, 'running', 'killed', 'damaged'] as const;
export type RecordStatus = (typeof RECORD_STATUSES)[number];

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
  /** null in runs of versions that did not tell it apart: their rate is of the whole time. */
  training_seconds: number | null;
  evaluation_seconds: number | null;
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
export type ConfigValues = Readonly<Record<string, ConfigValue>>;

/**
 * Reads a run's record and config. Files that cannot be read make the run `damaged`, never the list of runs. Whether a process is at work
 * in the run is not looked at.
 */
export function readRecord(directory: string): { record: RunRecord; config: ConfigValues } {
  const problems: string[] = [];
  const attempt = <T>(file: RunFile, read: (directory: string) => T | undefined): T | undefined => {
    try {
      return read(directory);
    } catch (error) {
      problems.push(
        `${RUN_FILES[file]}: ${error instanceof GradloomError ? error.message : ((error as Error).message.split('\n')[0] ?? '')}`,
      );
      return undefined;
    }
  };
  const config = attempt('config', readConfig);
  const summary = attempt('summary', readSummary);
  const tags = attempt('tags', readTags);
  const id = path.basename(directory);
  return {
    record: {
      ...EMPTY,
      id,
      name: textOf(config?.['name']) ?? id,
      status: problems.length > 0 ? 'damaged' : (summary?.status ?? 'killed'),
      started: startedAt(id),
      tags: tags ?? textsOf(config?.['tags']) ?? [],
      ...(summary && {
        steps: summary.steps,
        epochs: summary.epochs,
        seconds: summary.seconds,
        samples_per_second: summary.samples_per_second,
        training_seconds: summary.training_seconds ?? null,
        evaluation_seconds: summary.evaluation_seconds ?? null,
        workers: summary.workers,
        digest: summary.digest,
        last: summary.last,
        best: Object.fromEntries(Object.entries(summary.best).map(([metric, { value }]) => [metric, value])),
      }),
      problem: problems.length > 0 ? problems.join('; ') : (summary?.error?.message ?? null),
    },
    config: configValues(config),
  };
}

/** The record of a run that cannot be looked into at all. */
export function damagedRecord(directory: string, problem: string): RunRecord {
  const id = path.basename(directory);
  return { ...EMPTY, id, name: id, status: 'damaged', started: startedAt(id), problem };
}

const EMPTY = {
  tags: [],
  steps: null,
  epochs: null,
  seconds: null,
  samples_per_second: null,
  training_seconds: null,
  evaluation_seconds: null,
  workers: null,
  digest: null,
  last: {},
  best: {},
} satisfies Partial<RunRecord>;

function readConfig(directory: string): Record<string, unknown> | undefined {
  const file = runFile(directory, 'config');
  const content = readOwnText(file, MAX_BYTES);
  const config = content === undefined ? undefined : objectOf(readBlockYaml(content) ?? parseYaml(file, content));
  if (config === undefined) throw damaged(file, content === undefined ? 'missing' : 'not what gradloom writes');
  const { name } = config;
  if (name !== undefined && (typeof name !== 'string' || name.length > MAX_NAME)) throw damaged(file, 'name: expected a short text');
  return config;
}

/** Somebody has written it anew by hand. */
function parseYaml(file: string, content: string): unknown {
  const excess = excessOf(content);
  if (excess !== undefined) throw damaged(file, excess);
  // An alias may lead to what it is a part of, which has no end.
  return parse(content, { schema: 'core', uniqueKeys: false, maxAliasCount: 0, logLevel: 'error' });
}

/** More than the schema allows, so that nobody's run is damaged by a name. */
const MAX_NAME = 1000;

export function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function textsOf(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}
