import { type Dirent, readdirSync } from 'node:fs';
import path from 'node:path';
import { GradloomError } from '../../errors.ts';
import { kindAt, statsAt } from '../../storage/folder.ts';
import { type Environment, readEnvironment } from '../files/file-shapes.ts';
import { RUN_FILES } from '../files/names.ts';
import { curvesOf, withCurvesProblem } from './curves.ts';
import { notesOf } from './notes.ts';
import { type StoredRun, withProblem } from './store.ts';

/** Everything about one run. */
export interface RunDescription {
  run: StoredRun;
  /** env.json: the machine and the programs; null if it is missing, or the run `damaged`. */
  environment: Environment | null;
  /** '' where there are none, or none that can be read. */
  notes: string;
  /** Files by path below the run's directory. */
  files: { name: string; bytes: number }[];
}

/** A file of the run that cannot be read makes it `damaged`. */
export function describeRun(found: StoredRun): RunDescription {
  if (kindAt(found.directory) === 'link') return { run: found, environment: null, notes: '', files: [] };
  curvesOf(found);
  const run = withCurvesProblem(found);
  const files = filesBelow(run.directory);
  const problems: string[] = [];
  const attempt = <T>(name: string, read: () => T | undefined): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      problems.push(`${name}: ${error.message}`);
      return undefined;
    }
  };
  const environment = attempt(RUN_FILES.environment, () => readEnvironment(run.directory)) ?? null;
  const notes = attempt(RUN_FILES.notes, () => notesOf(run)) ?? '';
  return { run: problems.reduce(withProblem, run), environment, notes, files };
}

/** Regular files below a directory, links not followed. What cannot be read, or is gone meanwhile, is left out. */
export function filesBelow(directory: string): { name: string; bytes: number }[] {
  const found: { name: string; bytes: number }[] = [];
  const folders = [directory];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesOf(folder)) {
      const place = path.join(folder, entry.name);
      if (entry.isDirectory()) folders.push(place);
      else if (entry.isFile()) found.push({ name: path.relative(directory, place), bytes: statsAt(place)?.size ?? 0 });
    }
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // Removed since, not ours to read, or deeper than a path can be long.
    return [];
  }
}
