import { mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { yamlOf } from '../../config/resolved.ts';
import { GradloomError, printable } from '../../errors.ts';
import { loadRunConfig } from '../../runs/files/config.ts';
import { requireRun } from '../../runs/files/directory.ts';
import { readEnvironment, readSummary } from '../../runs/files/file-shapes.ts';
import { runFile } from '../../runs/files/names.ts';
import { visitMetrics } from '../../runs/files/run-lines.ts';
import { notesOf } from '../../runs/store/notes.ts';
import type { StoredRun } from '../../runs/store/store.ts';
import { syncDirectory, temporaryName, writeFileAtomic } from '../../storage/atomic.ts';
import { errnoText } from '../../storage/errno.ts';
import { kindAt } from '../../storage/folder.ts';
import { wandbLog, wandbRecords } from './wandb-log.ts';

const PROJECT = 'gradloom';

/**
 * Writes a run as W&B's own client leaves an offline run, for `wandb sync`: `offline-run-<time>-<id>/` with `run-<id>.wandb` and `files/`
 * with config.yaml, wandb-summary.json and wandb-metadata.json. The directory is there whole or not at all.
 *
 * @param parent  made if it is missing
 * @returns the new directory
 * @throws GradloomError E_RUN_READ, E_RUN_FILE for a damaged run; E_STORAGE, also where it is there already
 */
export async function writeWandbRun({ directory, record, config }: StoredRun, parent: string): Promise<string> {
  requireRun(directory);
  const history = historyOf(directory);
  const summary = readSummary(directory);
  const environment = readEnvironment(directory);
  const nested = configOf(directory) ?? nestedOf(config());
  const started = record.started ?? '1970-01-01T00:00:00Z';
  const cpu = environment?.['cpu'];
  const metadata = {
    program: 'gradloom',
    startedAt: started,
    os: [environment?.['platform'], environment?.['os_release']].filter((part) => typeof part === 'string').join(' '),
    ...(typeof cpu === 'string' && { cpu }),
    ...(typeof environment?.['git_commit'] === 'string' && { git: { commit: environment['git_commit'] } }),
    gradloom: environment?.['gradloom'] ?? 'unknown',
  };
  const last: Record<string, unknown> = { ...finite(summary?.last ?? {}), _step: history.at(-1)?.step ?? 0 };
  if (summary !== undefined) last['_runtime'] = summary.seconds;
  const run = {
    id: record.id,
    project: PROJECT,
    name: record.name,
    notes: notesOf({ directory, config }),
    tags: record.tags,
    host: '',
    startedAt: Date.parse(started) / 1000,
    config: nested,
  };
  const log = wandbLog(wandbRecords(run, history, last, record.status === 'finished' ? 0 : 1));
  const target = path.join(path.resolve(parent), `offline-run-${started.replaceAll(/[-:Z]/g, '').replace('T', '_')}-${record.id}`);
  if (kindAt(target) !== undefined) throw failed(target, 'is there already', 'remove it, or name another directory with --output');
  const building = path.join(path.dirname(target), temporaryName());
  try {
    mkdirSync(path.join(building, 'files'), { recursive: true, mode: 0o700 });
    await writeFileAtomic(path.join(building, `run-${record.id}.wandb`), log);
    await writeFileAtomic(path.join(building, 'files', 'config.yaml'), configYaml(nested));
    await writeFileAtomic(path.join(building, 'files', 'wandb-summary.json'), JSON.stringify(last));
    await writeFileAtomic(path.join(building, 'files', 'wandb-metadata.json'), `${JSON.stringify(metadata, null, 2)}\n`);
    renameSync(building, target);
    await syncDirectory(path.dirname(target));
  } catch (error) {
    removeTry(building);
    if (error instanceof GradloomError) throw error;
    throw failed(target, `cannot be written: ${errnoText(error)}`, 'free space there, or name another directory with --output', error);
  }
  return target;
}

function removeTry(building: string): void {
  try {
    rmSync(building, { recursive: true, force: true });
  } catch {
    // What kept it from being written is told.
  }
}

/** A row a step, as W&B has it: the lines of a step together, without what a rollback took back. */
function historyOf(directory: string): { step: number; values: Record<string, number> }[] {
  const rows = new Map<number, Record<string, number>>();
  if (kindAt(runFile(directory, 'metrics')) === undefined) return [];
  visitMetrics(directory, ({ step, ...values }) => {
    const back = values['rollback.to'];
    if (typeof back === 'number') for (const other of rows.keys()) if (other >= back) rows.delete(other);
    rows.set(step, { ...rows.get(step), ...finite(values) });
  });
  return [...rows].map(([step, values]) => ({ step, values })).toSorted((a, b) => a.step - b.step);
}

/** W&B takes no other numbers. */
function finite(values: Readonly<Record<string, number | null>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== null));
}

/** undefined for a config of another version. */
function configOf(directory: string): Record<string, unknown> | undefined {
  try {
    return { ...loadRunConfig(directory).experiment };
  } catch (error) {
    if (!(error instanceof GradloomError) || error.blame !== 'configuration') throw error;
    return undefined;
  }
}

/** `{optimizer: {lr: 0.01}}` of dotted names; lists by their numbers. */
function nestedOf(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const root = new Map<string, unknown>();
  for (const [key, value] of Object.entries(values)) {
    const parts = key.split('.');
    let at = root;
    for (const part of parts.slice(0, -1)) {
      const next = at.get(part);
      const child = next instanceof Map ? (next as Map<string, unknown>) : new Map<string, unknown>();
      at.set(part, child);
      at = child;
    }
    at.set(parts.at(-1) ?? '', value);
  }
  return plainOf(root) as Record<string, unknown>;
}

function plainOf(value: unknown): unknown {
  return value instanceof Map
    ? Object.fromEntries([...(value as Map<string, unknown>)].map(([key, child]) => [key, plainOf(child)]))
    : value;
}

function configYaml(config: Record<string, unknown>): string {
  return yamlOf({ wandb_version: 1, ...Object.fromEntries(Object.entries(config).map(([key, value]) => [key, { desc: null, value }])) });
}

function failed(place: string, message: string, next: string, cause?: unknown): GradloomError {
  return new GradloomError({ code: 'E_STORAGE', where: printable(place), message, next, cause });
}
