import { createInterface } from 'node:readline/promises';
import { GradloomError, printable } from '../../errors.ts';
import { forTerminal } from '../../report/text/paint.ts';
import type { Output } from './output.ts';

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

export interface Question<T> {
  text: string;
  /** What an empty answer means; without it there must be one. */
  fallback?: string;
  /** What the answer stands for. @throws GradloomError for one that will not do: it is shown, and asked again */
  take: (answer: string) => T | Promise<T>;
}

/**
 * Asks on stderr until there is an answer that will do.
 *
 * @returns undefined if Ctrl-C came instead
 * @throws GradloomError E_USAGE if the input ends, as by Ctrl-D
 */
export async function ask<T>({ text, fallback, take }: Question<T>, output: Output): Promise<T | undefined> {
  const shown = forTerminal(fallback === undefined ? `${text}: ` : `${text} [${printable(fallback)}]: `);
  for (;;) {
    const answer = await answerTo(shown);
    // What was asked stays in its line.
    if (typeof answer === 'string') output.note('');
    if (answer === 'interrupted') return undefined;
    if (answer === 'ended') throw new GradloomError({ code: 'E_USAGE', message: 'no answer: nothing is written' });
    const given = answer.given.trim() || fallback;
    if (given === undefined) continue;
    try {
      return await take(given);
    } catch (error) {
      if (!(error instanceof GradloomError)) throw error;
      output.error(error);
    }
  }
}

async function answerTo(question: string): Promise<{ given: string } | 'interrupted' | 'ended'> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise((resolve, reject) => {
      terminal.once('SIGINT', () => resolve('interrupted'));
      terminal.once('close', () => resolve('ended'));
      terminal.question(question).then((given) => resolve({ given }), reject);
    });
  } finally {
    terminal.close();
  }
}
