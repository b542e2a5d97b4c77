import { GradloomError } from '../errors.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;

/** How long something that is away is waited for. */
export interface Patience {
  /** From the first failure on. */
  ms: number;
  /** Aborted: not any longer. */
  signal?: AbortSignal | undefined;
  /** Told of the first failure, and again when it is over. */
  tell: (message: string) => void;
}

/**
 * Does what needs a disk or a server that may be full or away for a while, again and again.
 *
 * @param what  in words: `the store`
 * @throws what the action threw last, once patience is at its end; at once what no waiting mends
 */
export async function patiently<T>(what: string, { ms, signal, tell }: Patience, action: () => Promise<T>): Promise<T> {
  let since: number | undefined;
  for (let tries = 0; ; tries++) {
    try {
      const done = await action();
      if (since !== undefined) tell(`${what} is there again`);
      return done;
    } catch (error) {
      // A fault of ours, or of the file itself, stays as it is.
      if (error instanceof GradloomError && error.blame !== 'machine') throw error;
      if (!(error instanceof GradloomError) && !isReply(error)) throw error;
      since ??= performance.now();
      if (signal?.aborted === true || performance.now() - since > ms) throw error;
      if (tries === 0) tell(`${what} does not take it, which is tried again: ${(error as Error).message}`);
      await rest(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries, 8)), signal);
    }
  }
}

/** Waits, but not beyond an abort. */
export function rest(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

/** What a Redis that is full, starting or shutting down answers. */
function isReply(error: unknown): boolean {
  return error instanceof Error && /^(?:OOM|MISCONF|LOADING|READONLY|BUSY|TRYAGAIN|MASTERDOWN|Connection is closed)/.test(error.message);
}
