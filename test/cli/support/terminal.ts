import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { type Drawn, screenOf } from './screen.ts';

/** What a user does next at a terminal, once it shows a text after what was waited for before. */
export interface Act {
  /** @default nothing: at once */
  after?: string;
  /** Keys: `\r` for Enter, `\u0003` for Ctrl-C. */
  keys?: string;
  /** The window is made so wide. */
  columns?: number;
}

export interface TerminalOptions {
  cwd: string;
  columns: number;
  rows?: number;
  env?: Record<string, string>;
  acts?: readonly Act[];
}

export interface OnTerminal {
  /** As a shell tells it: 130 after SIGINT. */
  code: number;
  /** All that was written, with every move of the cursor. */
  raw: string;
  /** What the terminal shows at the end, from its first line on. */
  lines: readonly string[];
  /** Lines as they were written, however wide the terminal. */
  written: readonly string[];
}

/** Runs a command with a pseudo-terminal for its stdin, stdout and stderr; prints what happens, a line of JSON each. */
const TERMINAL = `
import base64, fcntl, json, os, pty, select, signal, struct, sys, termios, time
given = json.loads(sys.argv[1])
pid, fd = pty.fork()
def size(columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', given['rows'], columns, 0, 0))
def tell(**what):
    print(json.dumps(what), flush=True)
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', given['rows'], given['columns'], 0, 0))
    os.chdir(given['cwd'])
    os.execvpe(given['command'][0], given['command'], given['env'])
acts, seen = given['acts'], b''
end = time.monotonic() + given['seconds']
while True:
    while acts and (acts[0].get('after') or '').encode() in seen:
        act = acts.pop(0)
        seen = seen.split((act.get('after') or '').encode(), 1)[1] if act.get('after') else seen
        if 'columns' in act:
            tell(columns=act['columns'])
            size(act['columns'])
        if 'keys' in act:
            os.write(fd, act['keys'].encode())
    ready, _, _ = select.select([fd], [], [], max(0, end - time.monotonic()))
    if not ready:
        os.kill(pid, signal.SIGKILL)
        tell(late=seen.decode('utf8', 'replace')[-2000:])
        break
    try:
        data = os.read(fd, 65536)
    except OSError:
        data = b''
    if not data:
        break
    seen += data
    tell(data=base64.b64encode(data).decode())
status = os.waitpid(pid, 0)[1]
tell(code=128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status), left=len(acts))
`;

/** A command that waits for keys that do not come must not hang the suite. */
const MAX_SECONDS = 60;
const ROWS = 50;

/**
 * Whether python3 is there, which gives a pseudo-terminal.
 *
 * @throws Error where it is not but must be: in CI
 */
export async function hasTerminals(): Promise<boolean> {
  try {
    await promisify(execFile)('python3', ['-c', 'import os, pty; os.waitstatus_to_exitcode']);
    return true;
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error;
    return false;
  }
}

/**
 * Runs a command at a terminal.
 *
 * @throws Error if it does not end, or never shows what an act waits for
 */
export async function atTerminal(
  command: readonly string[],
  { cwd, columns, rows = ROWS, env = {}, acts = [] }: TerminalOptions,
): Promise<OnTerminal> {
  const { FORCE_COLOR: _force, NO_COLOR: _none, CI: _ci, ...rest } = process.env;
  const given = { command, cwd, columns, rows, acts, seconds: MAX_SECONDS, env: { ...rest, TERM: 'xterm-256color', ...env } };
  const child = spawn('python3', ['-c', TERMINAL, JSON.stringify(given)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
  const told = Buffer.concat(chunks)
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { data?: string; columns?: number; late?: string; code?: number; left?: number });
  const shown = `gradloom at a terminal (${command.slice(2).join(' ')})`;
  const late = told.find((one) => one.late !== undefined);
  if (late !== undefined) throw new Error(`${shown} did not end within ${MAX_SECONDS} s; it showed last:\n${late.late}`);
  const decoder = new TextDecoder();
  const drawn: Drawn[] = told.flatMap(({ data, columns: width }) => [
    ...(data === undefined ? [] : [{ text: decoder.decode(Buffer.from(data, 'base64'), { stream: true }) }]),
    ...(width === undefined ? [] : [{ columns: width }]),
  ]);
  const { code = -1, left = 0 } = told.at(-1) ?? {};
  const raw = drawn.map((one) => ('text' in one ? one.text : '')).join('');
  if (left > 0) throw new Error(`${shown} ended with ${code} before ${left} acts:\n${raw}`);
  return { code, raw, lines: screenOf(drawn, columns), written: screenOf(drawn, Number.MAX_SAFE_INTEGER) };
}
