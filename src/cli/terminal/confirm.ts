import { createInterface } from 'node:readline/promises';
import { GradloomError } from '../../errors.ts';
import { forTerminal } from '../../report/text/paint.ts';

/**
 * Asks on stderr; only a yes counts.
 *
 * @returns undefined where nobody can be asked
 */
export async function confirm(question: string): Promise<boolean | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-D ends the input without an answer.
    const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
    return /^y(es)?$/i.test((await Promise.race([terminal.question(forTerminal(`${question} [y/N] `)), closed])).trim());
  } finally {
    terminal.close();
  }
}

/** Whether somebody can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * Asks on stderr until there is an answer.
 *
 * @param say       prints a line
 * @param fallback  what an empty answer means; without it there must be one
 * @throws GradloomError E_USAGE if the input ends, as by Ctrl-C or Ctrl-D
 */
export async function ask(question: string, say: (line: string) => void, fallback?: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<undefined>((resolve) => terminal.once('close', () => resolve(undefined)));
  const shown = forTerminal(fallback === undefined ? `${question}: ` : `${question} [${fallback}]: `);
  try {
    for (;;) {
      const answer = await Promise.race([terminal.question(shown), closed]);
      if (answer === undefined) {
        say('');
        throw new GradloomError({ code: 'E_USAGE', message: 'no answer: nothing is written' });
      }
      const given = answer.trim() || fallback;
      if (given !== undefined) return given;
    }
  } finally {
    terminal.close();
  }
}
