import { unwatchFile, watchFile } from 'node:fs';
import { filesOfExperiment } from '../../config/load.ts';
import { GradloomError, printable } from '../../errors.ts';
import { readFileBytes } from '../../storage/read.ts';
import type { ExitNow } from '../arguments/command.ts';
import type { Output } from '../terminal/output.ts';
import { Stop } from '../terminal/signals.ts';

/** How often files are looked at: messages of the system miss what lies behind links and on other machines. */
const LOOK_MS = 150;
/** An editor writes a file in several goes. */
const QUIET_MS = 200;
/** A larger file is refused when it is loaded. */
const MAX_BYTES = 2 ** 21;

/**
 * Does a work on an experiment again whenever its file has changed, or one that it extends. What is under way then is stopped; errors are
 * shown, and the next change tried.
 *
 * @param work  stops at the signal; gives the exit code
 * @returns the exit code of the signal that ended it: at once where nothing is done, else when the work has ended
 */
export async function whenever(
  file: string,
  output: Output,
  exitNow: ExitNow,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  if (output.json) throw new GradloomError({ code: 'E_USAGE', message: '--watch and --json: there would be more than one object' });
  const changes = new Changes(file);
  // Over all works and between them: no moment is left in which a signal goes unheard. A work's own display is wiped before the end.
  const stop = new Stop({ onFirst: () => undefined, onSecond: (code) => queueMicrotask(() => exitNow(code)) });
  try {
    for (;;) {
      const change = changes.next();
      const code = await shown(output, () => work(change));
      if (stop.exitCode !== undefined || code > 128) return stop.exitCode ?? code;
      if (!change.aborted) output.note(`watching ${printable(file, 500)}; Ctrl-C leaves`);
      await aborted(AbortSignal.any([change, stop.signal]));
      if (stop.exitCode !== undefined) return stop.exitCode;
    }
  } finally {
    stop.release();
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

/** Tells when the content of an experiment's files is another. */
class Changes {
  readonly #file: string;
  /** Of the experiment; what it extended before, while its own file cannot be understood. */
  readonly #files = new Set<string>();
  #content: string | undefined;
  #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  readonly #touched = (): void => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), QUIET_MS);
  };

  constructor(file: string) {
    this.#file = file;
    this.#watch(file);
    this.#content = this.#read();
  }

  /** A signal that aborts with the next change. */
  next(): AbortSignal {
    if (this.#controller.signal.aborted) this.#controller = new AbortController();
    return this.#controller.signal;
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const file of this.#files) unwatchFile(file, this.#touched);
  }

  #look(): void {
    const content = this.#read();
    // Between two files there is none.
    if (content === undefined || content === this.#content) return;
    this.#content = content;
    this.#controller.abort();
  }

  /** @returns undefined where the experiment's own file cannot be read now */
  #read(): string | undefined {
    if (this.#textOf(this.#file) === undefined) return undefined;
    try {
      for (const file of filesOfExperiment(this.#file)) this.#watch(file);
    } catch (error) {
      // Its text is compared all the same: the next work tells what is wrong with it.
      if (!(error instanceof GradloomError)) throw error;
    }
    return JSON.stringify([...this.#files].map((file) => this.#textOf(file) ?? null));
  }

  #textOf(file: string): string | undefined {
    try {
      return new TextDecoder().decode(readFileBytes(file, MAX_BYTES));
    } catch {
      return undefined;
    }
  }

  #watch(file: string): void {
    if (this.#files.has(file)) return;
    this.#files.add(file);
    watchFile(file, { interval: LOOK_MS }, this.#touched);
  }
}
