import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Guarded } from './guard-child.ts';

const CHILD = fileURLToPath(new URL('./guard-child.js', import.meta.url));

export interface GuardedEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last lines that the process wrote: what it ran, and what was wrong. */
  last: string;
  errors: string;
}

/** Runs products between guard pages in a process of their own, which dies where a routine leaves its operands. */
export async function runGuarded(guarded: Guarded): Promise<GuardedEnd> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(guarded)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const last: string[] = [];
  let errors = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    last.push(line);
    if (last.length > 2) last.shift();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject).on('close', (...end: [number | null, NodeJS.Signals | null]) => resolve(end));
  });
  return { code, signal, last: last.join('\n'), errors };
}
