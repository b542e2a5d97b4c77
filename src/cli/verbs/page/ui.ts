import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { printable } from '../../../errors.ts';
import { type Arguments, defineCommand, type ExitNow } from '../../arguments/command.ts';
import { Display } from '../../terminal/display.ts';
import { launcher } from '../../terminal/launcher.ts';
import type { Output } from '../../terminal/output.ts';
import { stoppable } from '../../terminal/signals.ts';

interface UiRequest {
  root: string;
  port: number | undefined;
  open: boolean;
  isReadOnly: boolean;
}

/** `gradloom ui`. */
export const ui = defineCommand<UiRequest>({
  positionals: {
    notation: '[dir]',
    describe: { dir: 'the directory that has runs/ or sweeps/, or runs themselves; default the working directory' },
    problem: ([first, second], command) => {
      if (first === '') return `the directory's name is empty; expected gradloom ${command} DIR`;
      return second === undefined ? undefined : `${printable(second)}: one argument too many; expected gradloom ${command} DIR`;
    },
  },
  describe: 'Show runs, sweeps and speedups in the browser, live, on this machine only',
  options: {
    port: { value: 'N', describe: 'port; 0 takes one that is free; default 4280, or one that is free' },
    open: { describe: 'open the page in the browser' },
    'no-open': { describe: 'only print its address (the default)' },
    'read-only': { describe: 'the page can change nothing: no tags, nothing to start or stop' },
  },
  examples: [
    ['$0 ui', 'prints an address with a token to open'],
    ['$0 ui ~/experiments --port 8080 --read-only', 'of another directory, to look at only'],
  ],
  request: (args) => ({ root: args.text('dir') ?? '.', port: portOf(args), open: opens(args), isReadOnly: args.flag('read-only') }),
  run: runUi,
});

function portOf(args: Arguments): number | undefined {
  const text = args.text('port');
  if (text === undefined) return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw args.error(`--port: expected a number from 0 to 65535; got ${printable(text)}`);
}

function opens(args: Arguments): boolean {
  if (args.flag('open') && args.flag('no-open')) throw args.error('--open and --no-open: give one of the two');
  return args.flag('open');
}

async function runUi({ root, port, open, isReadOnly }: UiRequest, output: Output, exitNow: ExitNow): Promise<number> {
  const display = new Display(output);
  return stoppable({ display, onFirst: 'closing the page; trainings go on', exitNow }, async ({ signal }) => {
    const { openPage } = await import('../../../ui/server/listen.ts');
    const program: [string, string] = [process.execPath, path.resolve(process.argv[1] ?? '')];
    const page = await openPage({ root, port, isReadOnly, launcher: launcher(), program });
    if (output.json) output.object({ url: page.url, port: page.port, pid: process.pid, root: path.resolve(root) });
    else output.answer(page.url);
    const doorway = open ? await openDoorway(page.url, output) : undefined;
    if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await page.close();
    if (doorway !== undefined) rmSync(doorway, { recursive: true, force: true });
    const left = page.atWork();
    if (left > 0) output.note(`${left} ${left === 1 ? 'job goes' : 'jobs go'} on`);
    return 0;
  });
}

/**
 * Opens the page in the browser by a file that only its owner can read: everybody on the machine sees the arguments of a program, and the
 * token must not be among them.
 *
 * @returns the directory of the file
 */
async function openDoorway(url: string, output: Output): Promise<string> {
  const [{ openInBrowser }, { writeFileAtomic }] = await Promise.all([
    import('../../terminal/browser.ts'),
    import('../../../storage/atomic.ts'),
  ]);
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-ui-'));
  const file = path.join(directory, 'open.html');
  await writeFileAtomic(
    file,
    `<!doctype html><meta charset="utf-8"><title>gradloom</title><meta http-equiv="refresh" content="0; url=${url}">\n`,
  );
  const problem = await openInBrowser(file);
  if (problem !== undefined) output.note(`cannot open a browser: ${problem}`);
  return directory;
}
