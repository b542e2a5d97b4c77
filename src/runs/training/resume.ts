import path from 'node:path';
import type { Experiment } from '../../config/schema/schema.ts';
import type { Team } from '../../engine/team/team.ts';
import { GradloomError, printable } from '../../errors.ts';
import { statsAt } from '../../storage/folder.ts';
import { DirectoryLock } from '../../storage/lock.ts';
import { readOwnByte } from '../../storage/read.ts';
import { basisOf, checkBasis, checkConfigHash, checkData, checkKernels } from '../checkpoint/basis.ts';
import { type Checkpoint, runStateIn, valuesProblem } from '../checkpoint/checkpoint.ts';
import { CheckpointFiles, newestCheckpoint } from '../checkpoint/files.ts';
import { RunFiles } from '../checkpoint/run-files.ts';
import type { RunEvent, RunWarning, Summary } from '../events.ts';
import { loadRunConfig } from '../files/config.ts';
import { requireRun } from '../files/directory.ts';
import { readSummary } from '../files/file-shapes.ts';
import { RUN_FILES, runFile, setAsideName } from '../files/names.ts';
import { originUnknown, readOrigin } from '../files/origin.ts';
import { checkLines, LINE_KINDS, type LineKind, visitMetrics } from '../files/run-lines.ts';
import { beginningOf, checkInit } from '../prepare/initial.ts';
import type { Prepared } from '../prepare/prepare.ts';
import { shareResumed } from '../team/resumed.ts';
import type { Beginning, RunOptions } from './options.ts';
import type { TrainRun } from './run.ts';
import { Trainer } from './trainer.ts';
import { startWork } from './under-way.ts';

const NEWLINE = 0x0a;

/** How a run is gone on with; none of it changes a bit. */
export interface ResumeOptions extends RunOptions {
  /** In place of `parallel.workers`: any number gives the same bits. */
  workers?: number | 'auto' | undefined;
}

/**
 * Goes on with a run from its newest checkpoint that verifies, or from the start where there is none; the files come out byte-equal to an
 * undisturbed run's. A finished run is a no-op that yields its summary. Checkpoints that do not verify are set aside as `.bad`.
 *
 * @throws GradloomError (from `result`) E_RUN_READ if it is no run, E_BUSY if another process has it, E_RUN_CHANGED, E_KERNEL_VERSION or
 *   E_DATA_FINGERPRINT if the files could not go on as they began, E_RUN_FILE for damaged lines, and those of `train`
 */
export function resume(directory: string, options: ResumeOptions = {}): TrainRun {
  return startWork((emit) => resumeIn(path.resolve(directory), options, emit));
}

async function resumeIn(directory: string, options: ResumeOptions, emit: (event: RunEvent) => void): Promise<Summary> {
  const team = options.engine?.team;
  if (team !== undefined && team.member > 0) return joinResume(team, options, emit);
  requireRun(directory);
  const recorded = readSummary(directory);
  if (recorded?.status === 'finished') {
    // It may have been moved since.
    const summary = { ...recorded, directory };
    if (team !== undefined) await shareResumed(team, { summary });
    const stepsPerEpoch = recordedStepsPerEpoch(directory);
    emit({ type: 'end', summary, ...(stepsPerEpoch !== undefined && { stepsPerEpoch }) });
    return summary;
  }
  options.fence?.check();
  const lock = DirectoryLock.acquire(directory);
  let isOpen = false;
  try {
    const { experiment } = loadRunConfig(directory);
    if (team !== undefined) await shareResumed(team, { experiment });
    return await new Trainer(experiment, options, emit).run(async (prepared) => {
      const beginning = await reopen(directory, lock, experiment, prepared, options, emit);
      isOpen = true;
      return beginning;
    }, options.workers);
  } finally {
    // From then on the run's files give it back.
    if (!isOpen) lock.release();
  }
}

/** An epoch of more than one step leaves a line at its end. */
function recordedStepsPerEpoch(directory: string): number | undefined {
  let found: number | undefined;
  try {
    visitMetrics(directory, (line) => {
      if (line['train.epoch_loss'] !== undefined) found ??= line.step;
    });
  } catch (error) {
    // Nothing is done with a finished run; `runs show` tells what is wrong with its lines.
    if (!(error instanceof GradloomError)) throw error;
  }
  return found;
}

/** The part of a member that has no files of the run. */
async function joinResume(team: Team, options: ResumeOptions, emit: (event: RunEvent) => void): Promise<Summary> {
  const resumed = await shareResumed(team);
  if ('summary' in resumed) return resumed.summary;
  const noFiles = (): Promise<Beginning> => Promise.reject(new RangeError('only member 0 opens the run'));
  return new Trainer(resumed.experiment, options, emit).run(noFiles, options.workers);
}

async function reopen(
  directory: string,
  lock: DirectoryLock,
  experiment: Experiment,
  { dataset, plan }: Prepared,
  { storage, fence }: ResumeOptions,
  emit: (event: RunEvent) => void,
): Promise<Beginning> {
  const warn = (code: RunWarning['code'], message: string): void => emit({ type: 'warning', code, message });
  const checkpoints = new CheckpointFiles(directory, lock, storage?.files);
  checkpoints.removeLeftovers();
  const reject = (file: { path: string; step: number; rollbacks: number }, reason: string): void => {
    checkpoints.setAside(file);
    const name = path.basename(file.path);
    warn('W_CKPT_REJECTED', `${name}: ${reason}; set aside as ${setAsideName(name)}, the one before it is used`);
  };
  const basis = basisOf(experiment, dataset);
  const checkpoint = newestCheckpoint(directory, reject, (found) => {
    checkBasis(found.basis, basis, directory);
    return linesProblem(directory, found) ?? valuesProblem(found);
  });
  if (checkpoint === undefined) checkBeginning(directory, experiment, basis.data);
  const lengths = { metrics: checkpoint?.metricsBytes ?? 0, digests: checkpoint?.digestsBytes ?? 0 };
  checkRunLines(directory, lengths, warn);
  const state = checkpoint && runStateIn(checkpoint, plan);
  const start = state === undefined ? beginningOf(plan, dataset, experiment) : { initial: state.state, state };
  const run = { id: path.basename(directory), path: directory };
  const files = await RunFiles.reopen(run, lock, lengths, storage, fence);
  return { files, ...start, keptStep: checkpoint?.step };
}

/** A checkpoint whose lines are gone cannot be gone on from. */
function linesProblem(directory: string, { metricsBytes, digestsBytes }: Checkpoint): string | undefined {
  for (const [kind, bytes] of [
    ['metrics', metricsBytes],
    ['digests', digestsBytes],
  ] as const) {
    const size = statsAt(runFile(directory, kind))?.size ?? 0;
    if (size < bytes) return `${RUN_FILES[kind]} has ${size} bytes, but had ${bytes} when it was written`;
  }
  return undefined;
}

/** Without a checkpoint the run begins again, from the same things. */
function checkBeginning(directory: string, experiment: Experiment, data: string): void {
  const origin = readOrigin(directory, 'E_RUN_READ');
  if (origin.init === undefined) throw originUnknown(directory, 'E_RUN_READ');
  checkKernels(origin.kernels, directory);
  checkConfigHash(origin.config, experiment, directory);
  checkData(origin.data, data, directory);
  checkInit(origin.init, experiment, directory);
}

/** @throws GradloomError E_RUN_FILE for a damaged line among those that count, or a file that is written to under another name too */
function checkRunLines(
  directory: string,
  lengths: Readonly<Record<LineKind, number>>,
  warn: (code: 'W_TORN_LINE', message: string) => void,
): void {
  for (const kind of LINE_KINDS) {
    const file = runFile(directory, kind);
    const stats = statsAt(file);
    if (stats === undefined) continue;
    if (stats.isFile() && stats.nlink > 1) throw hasOtherName(file, stats.nlink);
    if (checkLines(directory, kind, lengths[kind]).isTorn)
      throw new GradloomError({ code: 'E_RUN_FILE', where: printable(file), message: `byte ${lengths[kind]} is in the middle of a line` });
    if (endsTorn(file, stats.size)) warn('W_TORN_LINE', `${RUN_FILES[kind]}: the last line was torn and is written again`);
  }
}

/** As `cp -l` leaves it: what is written to the file of one run would stand in that of the other. */
function hasOtherName(file: string, names: number): GradloomError {
  return new GradloomError({
    code: 'E_RUN_FILE',
    where: printable(file),
    message: `the same file has ${names} names (hard links), so another run would be written to`,
    next: 'make it a file of its own: cp it to another name, then mv that one over it',
  });
}

function endsTorn(file: string, size: number): boolean {
  return size > 0 && readOwnByte(file, size - 1) !== NEWLINE;
}
