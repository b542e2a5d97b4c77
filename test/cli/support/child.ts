import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';

/** What a child process has come to. */
export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Heard {
  /** When it has ended and its output is complete. */
  ended: Promise<Finished>;
  /** Resolves when stderr holds the text. */
  says: (text: string) => Promise<void>;
}

/** Listens to a child process from its start on. */
export function listenTo(child: ChildProcessByStdio<null, Readable, Readable>): Heard {
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const check of waiting) check();
  });
  const ended = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (!stderr.includes(text)) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      child.on('close', () => reject(new Error(`ended without saying ${JSON.stringify(text)}:\n${stderr}`)));
      check();
    });
  return { ended, says };
}
