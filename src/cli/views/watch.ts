import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../../errors.ts';
import { readFileBytes } from '../../storage/read.ts';
import type { Output } from '../terminal/output.ts';

/** An editor writes a file in several goes. */
const QUIET_MS = 200;
/** A larger file is refused when it is loaded. */
const MAX_BYTES = 2 ** 21;

/**
 * Does a work on a file again whenever that has changed. What is under way when it changes is stopped; errors are shown, and the next
 * change tried.
 *
 * @param work  stops at the signal; gives the exit code
 * @returns the exit code of a work that a signal has ended: Ctrl-C while nothing is done ends the process as it does by default
 */
export async function whenever(file: string, output: Output, work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  if (output.json) throw new GradloomError({ code: 'E_USAGE', message: '--watch and --json: there would be more than one object' });
  const changes = new Changes(file);
  try {
    for (;;) {
      const change = changes.next();
      const code = await shown(output, () => work(change));
      if (code > 128) return code;
      if (!change.aborted) output.note(`watching ${printable(file, 500)}; Ctrl-C leaves`);
      await aborted(change);
    }
  } finally {
    changes.close();
  }
}

/** @returns 0 also of what went wrong, which is shown */
async function shown(output: Output, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    output.error(error);
    return 0;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Tells when the content of a file is another. */
class Changes {
  readonly #file: string;
  readonly #watcher: FSWatcher;
  #content: string | undefined;
  #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(file: string) {
    this.#file = file;
    this.#content = this.#read();
    // Of its directory: an editor may put a new file in its place.
    this.#watcher = watch(path.dirname(path.resolve(file)), () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#look(), QUIET_MS);
    });
  }

  /** A signal that aborts with the next change. */
  next(): AbortSignal {
    if (this.#controller.signal.aborted) this.#controller = new AbortController();
    return this.#controller.signal;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#watcher.close();
  }

  #look(): void {
    const content = this.#read();
    // Between two files there is none.
    if (content === undefined || content === this.#content) return;
    this.#content = content;
    this.#controller.abort();
  }

  #read(): string | undefined {
    try {
      return new TextDecoder().decode(readFileBytes(this.#file, MAX_BYTES));
    } catch {
      return undefined;
    }
  }
}
