import type { GradloomError } from '../../errors.ts';
import { isLoss } from '../../storage/lock.ts';
import type { RunEvent } from '../events.ts';
import type { LineKind, RunLines } from '../files/run-lines.ts';

/** Bytes of the files; plain data, kept in checkpoints. */
export interface LineLengths {
  metricsBytes: number;
  digestsBytes: number;
}

/** Writes lines, where there are files; what a disk refuses is told, and stays in memory for its next try. */
export class LineWriter {
  readonly #files: RunLines | undefined;
  readonly #emit: (event: RunEvent) => void;
  #lost: GradloomError | undefined;

  constructor(files: RunLines | undefined, emit: (event: RunEvent) => void) {
    this.#files = files;
    this.#emit = emit;
  }

  /** Why no line will ever be written any more: the run has another owner, or its directory is gone. */
  get lost(): GradloomError | undefined {
    return this.#lost;
  }

  get lengths(): LineLengths {
    return { metricsBytes: this.#files?.metrics.length ?? 0, digestsBytes: this.#files?.digests.length ?? 0 };
  }

  append(file: LineKind, line: object): void {
    this.#report(this.#files?.[file].append(line));
  }

  /** The files must be as long, or longer. */
  cutTo({ metricsBytes, digestsBytes }: LineLengths): void {
    this.#report(this.#files?.metrics.cut(metricsBytes));
    this.#report(this.#files?.digests.cut(digestsBytes));
  }

  #report(failure: GradloomError | undefined): void {
    if (failure === undefined) return;
    if (isLoss(failure)) {
      this.#lost ??= failure;
      return;
    }
    const message = `${failure.where}: ${failure.message}; training goes on and keeps the lines in memory`;
    this.#emit({ type: 'warning', code: 'W_STORAGE', message });
  }
}
