import { GradloomError } from '../../errors.ts';
import { factsPart } from '../../report/run-page/facts.ts';
import { RUN_PARTS } from '../../report/run-page/html.ts';
import { type ReportedRun, readReportedRun } from '../../report/run-page/read.ts';
import { type Scored, scoreRun } from '../../report/run-page/scores.ts';
import { shortPath } from '../../report/runs/results.ts';
import { spellCommands } from '../../report/text/commands.ts';
import { listCheckpoints } from '../../runs/checkpoint/files.ts';
import { runFile } from '../../runs/files/names.ts';
import type { StoredRun } from '../../runs/store/store.ts';
import { statsAt } from '../../storage/folder.ts';
import { commandOf } from '../../storage/shell.ts';
import { Datasets } from '../../sweep/execute/datasets.ts';
import type { Checkpoint, CommandText, RunAnswer } from '../protocol.ts';
import type { RunCurves } from '../watch/run-curves.ts';

/** Runs, and data sets, that stay in memory. */
const KEPT = 4;
const KEPT_DATASETS = 2;
/** Newest first; of more, these. */
const MOST_CHECKPOINTS = 50;

interface Known {
  signature: string;
  run: ReportedRun;
  scored: Promise<Scored | string> | undefined;
}

/** What a run's page shows beside its curves, read when it is asked for. */
export class RunView {
  readonly #launcher: string;
  readonly #known = new Map<string, Known>();
  readonly #datasets = new Datasets(KEPT_DATASETS);

  /** @param launcher  how gradloom is started: `npx gradloom` */
  constructor(launcher: string) {
    this.#launcher = launcher;
  }

  /** @throws GradloomError E_RUN_READ for what is no run any more */
  answer(key: string, found: StoredRun, curves: RunCurves, control: Pick<RunAnswer, 'canStop' | 'canResume'>): RunAnswer {
    const { run } = this.#read(key, found, curves);
    const { id, name, status, tags } = found.record;
    return {
      key,
      id,
      name,
      status,
      tags,
      notes: run.notes,
      // Tags and notes are fields of the page.
      facts: factsPart({ ...run, run: { ...found, record: { ...found.record, tags: [] } }, notes: '' }),
      parts: RUN_PARTS.map(({ name: part, title, needsScores }) => ({ name: part, title, needsScores })),
      checkpoints: checkpointsOf(found.directory),
      commands: this.#commands(found),
      ...control,
    };
  }

  /** A part of the report as HTML; undefined for a name that is none. */
  async part(key: string, found: StoredRun, curves: RunCurves, name: string): Promise<string | undefined> {
    const part = RUN_PARTS.find((one) => one.name === name);
    if (part === undefined) return undefined;
    const known = this.#read(key, found, curves);
    if (!part.needsScores) return part.render(known.run, undefined);
    known.scored ??= scoreRun(known.run, this.#datasets);
    return part.render(known.run, await known.scored);
  }

  #read(key: string, found: StoredRun, curves: RunCurves): Known {
    const files = (['config', 'summary', 'model', 'environment', 'preprocess', 'tags', 'notes'] as const).map((file) =>
      statsAt(runFile(found.directory, file)),
    );
    const signature = files.map((stats) => `${stats?.mtimeMs}/${stats?.size}/${stats?.ino}`).join(' ');
    const before = this.#known.get(key);
    const known =
      before?.signature === signature ? before : { signature, run: readReportedRun(found, pointsOf(curves)), scored: undefined };
    this.#known.delete(key);
    this.#known.set(key, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KEPT) break;
      this.#known.delete(oldest);
    }
    return known;
  }

  #commands({ directory, record: { status } }: StoredRun): CommandText[] {
    const place = shortPath(directory);
    const texts: [title: string, command: string][] = [
      ...(status === 'finished' || status === 'running' ? [] : [['go on with it', commandOf('resume', place)] as [string, string]]),
      ['evaluate', commandOf('evaluate', place)],
      ['export to ONNX', `${commandOf('export', place)} --to onnx --output model.onnx`],
      ['predict', `${commandOf('predict', place)} --input rows.csv`],
      ['serve', `${commandOf('serve', place)} --port 8080`],
      ['train it again and compare the bits', commandOf('verify', place)],
      ['write one page of it', commandOf('report', place)],
    ];
    return texts.map(([title, command]) => ({ title, command: spellCommands(command, this.#launcher) }));
  }
}

function pointsOf({ series }: RunCurves): ReadonlyMap<string, { steps: number[]; values: number[] }> {
  // Only the end of the first epoch is looked for in them.
  return new Map([...series].map(([name, one]) => [name, one.between(0, Number.POSITIVE_INFINITY, 2)]));
}

function checkpointsOf(directory: string): Checkpoint[] {
  try {
    return listCheckpoints(directory)
      .slice(0, MOST_CHECKPOINTS)
      .map(({ path, step }) => ({ step, bytes: statsAt(path)?.size ?? 0 }));
  } catch (error) {
    // A folder that is no folder of gradloom's has none.
    if (error instanceof GradloomError) return [];
    throw error;
  }
}
