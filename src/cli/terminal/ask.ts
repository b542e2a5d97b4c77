import { createInterface } from 'node:readline/promises';
import { GradloomError } from '../../errors.ts';
import { forTerminal } from '../../report/text/paint.ts';

/** Whether somebody can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * Asks on stderr until there is an answer.
 *
 * @param fallback  what an empty answer means; without it there must be one
 * @throws GradloomError E_USAGE if the input ends, as by Ctrl-C or Ctrl-D
 */
export async function ask(question: string, fallback?: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<undefined>((resolve) => terminal.once('close', () => resolve(undefined)));
  const shown = forTerminal(fallback === undefined ? `${question}: ` : `${question} [${fallback}]: `);
  try {
    for (;;) {
      const answer = await Promise.race([terminal.question(shown), closed]);
      if (answer === undefined) {
        process.stderr.write('\n');
        throw new GradloomError({ code: 'E_USAGE', message: 'no answer: nothing is written' });
      }
      const given = answer.trim() || fallback;
      if (given !== undefined) return given;
    }
  } finally {
    terminal.close();
  }
}
