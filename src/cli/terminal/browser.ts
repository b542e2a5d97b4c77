import { spawn } from 'node:child_process';
import { errnoText } from '../../storage/errno.ts';

/** The program of each system that opens a file as its user would; `$BROWSER` goes before it. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/**
 * Opens a file in the browser, without waiting for it to be closed.
 *
 * @param file  an absolute path
 * @returns why it could not be started; undefined if it was
 */
export function openInBrowser(file: string, { BROWSER } = process.env): Promise<string | undefined> {
  const [program = '', ...args] = BROWSER === undefined || BROWSER === '' ? (OPENERS[process.platform] ?? ['xdg-open']) : [BROWSER];
  return new Promise((resolve) => {
    const child = spawn(program, [...args, file], { stdio: 'ignore', detached: true });
    child.on('error', (error) => resolve(`${program}: ${errnoText(error)}`));
    child.on('spawn', () => {
      child.unref();
      resolve(undefined);
    });
  });
}
