import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import { GradloomError } from '../../../src/errors.ts';
import type { MetricsLine, RunWarning, Summary } from '../../../src/runs/events.ts';
import { train } from '../../../src/runs/training/train.ts';
import { threads } from '../../engine/support/warm-threads.ts';

/** All that a run told while it went, and how it ended. */
export interface Told {
  summary: Summary | undefined;
  error: GradloomError | undefined;
  lines: MetricsLine[];
  warnings: RunWarning[];
  /** The run's directory; undefined for a dry run. */
  directory: string | undefined;
}

/** A directory that goes with the test. */
export function temporary(t: ExecutionContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-test-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/**
 * Runs an experiment's tree to its end, with one worker where the tree names none.
 *
 * @param parent  where its directory goes; without, nothing is written
 */
export async function runTree(tree: Record<string, unknown>, parent?: string): Promise<Told> {
  const track = { ...(tree['track'] as object | undefined), ...(parent !== undefined && { dir: parent }) };
  const { experiment } = experimentFromObject({ parallel: { workers: 1 }, ...tree, track });
  const run = train({ experiment }, { dry: parent === undefined, engine: { threads } });
  const told: Told = { summary: undefined, error: undefined, lines: [], warnings: [], directory: undefined };
  for await (const event of run) {
    if (event.type === 'start') told.directory = event.directory;
    if (event.type === 'metrics') told.lines.push(event.line);
    if (event.type === 'warning' && event.code !== 'W_OVERSUBSCRIBED') told.warnings.push(event);
  }
  try {
    told.summary = await run.result;
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    told.error = error;
  }
  return told;
}

/** The summary of a run that came to its own end. */
export function finished({ summary, error }: Told): Summary {
  if (summary?.status !== 'finished') throw new Error(`the run ended as ${summary?.status ?? error?.message}`);
  return summary;
}

/** The lines that have a key, as [step, value]. */
export function curve({ lines }: Pick<Told, 'lines'>, key: string): [step: number, value: number | null][] {
  return lines.filter((line) => key in line).map((line) => [line.step, line[key]!]);
}

/** Every file of a run that the experiment determines, as text that can be compared. */
export function determinedFiles(directory: string): Record<string, string> {
  const names = readdirSync(directory).filter(
    (name) => ['metrics.jsonl', 'digests.jsonl', 'diverged.json'].includes(name) || name.endsWith('.safetensors'),
  );
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(path.join(directory, name)).toString('latin1')]));
}
