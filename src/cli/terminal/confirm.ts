import { createInterface } from 'node:readline/promises';
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
