import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { GradloomError } from '../../errors.ts';
import { runFile } from '../../runs/files/names.ts';
import { DEFAULT_RUNS, listRuns } from '../../runs/store/store.ts';
import { trialLogPath } from '../journal/log.ts';
import { type CrossValidation, holdsCrossValidation, readCrossValidation } from './result.ts';

const LAST: readonly string[] = ['@last', 'last'];

/**
 * The cross-validation that a word names as runs are named: by path, id, or `@last` where it was begun after every run.
 *
 * @param parent  where to look for ids
 * @returns its directory; undefined where the word names none, and a run perhaps
 * @throws GradloomError as `readSweep`, of the one that is named
 */
export async function findCrossValidation(word: string, parent: string = DEFAULT_RUNS): Promise<string | undefined> {
  if (word === '' || word.includes('\0')) return undefined;
  if (LAST.includes(word)) return lastBegun(parent);
  const direct = [word, path.join(parent, word)].find((place) => holdsCrossValidation(place));
  if (direct !== undefined || /[/\\*?]/.test(word)) return direct;
  const named = foldersIn(parent).filter((name) => name.startsWith(word) || name.endsWith(`-${word}`));
  const [only] = named;
  if (only === undefined || named.length > 1) return undefined;
  const place = path.join(parent, only);
  return holdsCrossValidation(place) ? place : undefined;
}

/** A sweep among runs that cannot be read: it may be a cross-validation. */
export interface Unreadable {
  id: string;
  problem: string;
}

/** The cross-validations in a directory of runs, the latest first. */
export function listCrossValidations(parent: string = DEFAULT_RUNS): (CrossValidation | Unreadable)[] {
  return foldersIn(parent)
    .map((name) => path.join(parent, name))
    .toSorted((a, b) => begunAt(b) - begunAt(a))
    .flatMap((place) => readAt(place) ?? []);
}

function readAt(place: string): CrossValidation | Unreadable | undefined {
  try {
    return holdsCrossValidation(place) ? readCrossValidation(place) : undefined;
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    return { id: path.basename(place), problem: error.message };
  }
}

async function lastBegun(parent: string): Promise<string | undefined> {
  const last = listCrossValidations(parent).find((one) => !('problem' in one));
  if (last === undefined) return undefined;
  const place = path.join(parent, last.id);
  const [run] = await listRuns(parent);
  return run === undefined || begunAt(place) >= begunAt(run.directory) ? place : undefined;
}

function foldersIn(parent: string): string[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() && !entry.name.startsWith('.') ? [entry.name] : [],
  );
}

/** Its experiment is written once, at the beginning. */
function begunAt(directory: string): number {
  const files = [path.join(directory, 'base.yaml'), runFile(directory, 'config')].map(
    (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs,
  );
  return files.find((time) => time !== undefined) ?? statSync(trialLogPath(directory), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
