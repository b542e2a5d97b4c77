import { encode } from 'fast-png';
import { lossName } from '../../config/check/evaluated.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import { GradloomError } from '../../errors.ts';
import type { PlacedTensor } from '../../model/parameters.ts';
import type { LineFile } from '../../storage/lines.ts';
import { isLoss } from '../../storage/lock.ts';
import { encodeRecord } from '../../storage/records/records.ts';
import type { RunFiles } from '../checkpoint/run-files.ts';
import type { MetricsLine, RunEvent } from '../events.ts';
import { visitMetrics } from '../files/run-lines.ts';
import { type EventContent, encodeEvent, type Hyperparameters } from './event.ts';
import { beginEventFile, scalarsOf } from './event-files.ts';
import { histogramOf } from './histogram.ts';

export interface BoardParts {
  experiment: Experiment;
  files: RunFiles;
  /** The step that training goes on from. */
  step: number;
  /** The keys of the sweep that the run is a trial of. */
  hyperparameters?: Hyperparameters | undefined;
  warn: (message: string) => void;
}

/** The parameters as they are, to be looked at between two steps only. */
export interface Parameters {
  tensors: readonly PlacedTensor[];
  vector: () => Float32Array;
}

/** Edge of a cell of a confusion matrix in its picture. */
const CELL = 12;
/** Of larger ones a cell is a pixel. */
const LARGE = 64;

/**
 * TensorBoard's event file of a run: each line of metrics.jsonl, and at the evaluations of `train.eval` histograms of the parameters and
 * the confusion matrix. It is made from what the run keeps anyway, so a disk that refuses it never ends the training: the first refusal
 * is told, and the records stay in memory for the next try.
 */
export class Board {
  readonly #experiment: Experiment;
  readonly #warn: (message: string) => void;
  readonly #file: LineFile;
  #parameters: Parameters | undefined;
  #histogramsAt = -1;
  #syncing: Promise<void> | undefined;
  #hasWarned = false;
  /** The run has another owner, or its directory is gone: who trains finds out by itself. */
  #isLost = false;
  readonly #hasGroup: boolean;

  private constructor({ experiment, warn, hyperparameters }: BoardParts, file: LineFile) {
    this.#experiment = experiment;
    this.#warn = warn;
    this.#file = file;
    this.#hasGroup = hyperparameters !== undefined;
  }

  /** @returns undefined where it cannot be begun, which was told */
  static async open(parts: BoardParts): Promise<Board | undefined> {
    const { files, step, hyperparameters } = parts;
    const { directory } = files;
    try {
      const lines: MetricsLine[] = [];
      visitMetrics(directory.path, (line) => lines.push(line));
      const { file, hasHyperparameters } = await beginEventFile({
        directory: directory.path,
        fence: files.fence,
        calls: files.calls,
        lines,
        step,
        isResumed: step > 0 || lines.length > 0,
      });
      const board = new Board(parts, file);
      if (hyperparameters !== undefined && !hasHyperparameters) board.#put({ kind: 'hyperparameters', ...hyperparameters });
      return board;
    } catch (error) {
      if (!(error instanceof GradloomError) || isLoss(error)) throw error;
      parts.warn(`${error.where}: ${error.message}; training goes on without events for TensorBoard`);
      return undefined;
    }
  }

  /** Where histograms come from. */
  watch(parameters: Parameters): void {
    this.#parameters = parameters;
  }

  take(event: RunEvent): void {
    if (event.type !== 'metrics') return;
    const { line, confusion } = event;
    this.#put(scalarsOf(line));
    const back = line['rollback.to'];
    if (typeof back === 'number') this.#put({ kind: 'start', step: back });
    if (confusion !== undefined) this.#put(confusionImage(line.step, confusion.split, confusion.matrix));
    const { on } = this.#experiment.train.eval;
    if (on !== 'none' && lossName(on) in line && line.step !== this.#histogramsAt) this.#evaluated(line.step);
  }

  #evaluated(step: number): void {
    this.#histogramsAt = step;
    const vector = this.#parameters?.vector();
    if (vector !== undefined) {
      const values = (this.#parameters?.tensors ?? []).flatMap(({ name, offset, size }) => {
        const histogram = histogramOf(vector.subarray(offset, offset + size));
        return histogram === undefined ? [] : [[name, histogram] as const];
      });
      this.#put({ kind: 'histograms', step, values });
    }
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = undefined;
    });
  }

  #put(content: EventContent): void {
    if (!this.#isLost) this.#report(this.#file.appendBytes(encodeRecord(encodeEvent(content, Date.now() / 1000))));
  }

  /** What the disk has refused so far is tried again. */
  async #sync(): Promise<void> {
    try {
      if (!this.#isLost) await this.#file.sync();
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      this.#report(error);
    }
  }

  #report(failure: GradloomError | undefined): void {
    if (failure === undefined) return;
    if (isLoss(failure)) {
      this.#isLost = true;
      return;
    }
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#warn(`${failure.where}: ${failure.message}; training goes on, and events for TensorBoard are kept in memory for the next try`);
  }

  /** @param isSuccess  the run has come to where it was to go */
  async close(isSuccess: boolean): Promise<void> {
    if (this.#hasGroup) this.#put({ kind: 'end', isSuccess });
    await this.#syncing;
    await this.#sync();
    this.#file.close();
  }
}

/** Rows are the true classes; the darker, the larger the share of the row. */
function confusionImage(step: number, split: string, matrix: readonly (readonly number[])[]): EventContent {
  const cell = matrix.length > LARGE ? 1 : CELL;
  const size = matrix.length * cell;
  const data = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    const row = matrix[Math.floor(y / cell)] ?? [];
    const rows = row.reduce((sum, count) => sum + count, 0) || 1;
    for (let x = 0; x < size; x++) {
      const share = Math.sqrt((row[Math.floor(x / cell)] ?? 0) / rows);
      data.set([247 - 239 * share, 251 - 203 * share, 255 - 148 * share].map(Math.round), (y * size + x) * 3);
    }
  }
  return {
    kind: 'image',
    step,
    tag: `${split}.confusion`,
    width: size,
    height: size,
    png: encode({ width: size, height: size, channels: 3, data }),
  };
}
