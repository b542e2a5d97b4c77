import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { GradloomError, printableSentence } from '../../errors.ts';
import { type Host, type InstalledLauncher, launchCommand } from '../../remote/mpi/hosts.ts';
import { type Answers, MEMBER_VARIABLE, type Ready, type Request } from './protocol.ts';

/** Of what the ranks wrote before they ended without an answer: launchers begin with the cause. */
const KEPT_LINES = 12;
/** How long ranks may take to leave when asked. */
const LEAVE_MS = 5000;

export interface GroupOptions {
  ranks: number;
  hosts: readonly Host[];
  /** Without one, a process by itself. */
  launcher: InstalledLauncher | undefined;
  /** What each rank runs. */
  command: readonly string[];
}

/** Ranks that have been started and wait for what is asked of them; between two requests they sleep. */
export class RankGroup {
  readonly ranks: number;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #errors: string[] = [];
  readonly #ended: Promise<number | null>;
  #ready: Ready | undefined;

  /** @throws GradloomError E_RANK where they do not start */
  static async start(options: GroupOptions): Promise<RankGroup> {
    const group = new RankGroup(options);
    group.#ready = await group.#answer<Ready>();
    return group;
  }

  private constructor({ ranks, hosts, launcher, command }: GroupOptions) {
    this.ranks = ranks;
    const env = { ...process.env, [MEMBER_VARIABLE]: '1' };
    const [program = '', ...args] =
      launcher === undefined ? command : launchCommand(launcher, firstOf(hosts, ranks), command, env, process.getuid?.() === 0);
    // A group of its own: a terminal's Ctrl-C is for who has started it.
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env, detached: true });
    this.#child.stdin?.on('error', (error) => this.#errors.push(error.message));
    this.#ended = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#errors.push(error.message);
        resolve(null);
      });
      this.#child.on('close', resolve);
    });
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new RangeError('a child with pipes has streams');
    createInterface({ input: stderr }).on('line', (line) => this.#errors.push(line));
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** What they said of themselves. */
  get ready(): Ready {
    if (this.#ready === undefined) throw new RangeError('they are not up yet');
    return this.#ready;
  }

  /** @throws GradloomError E_RANK where they end without an answer */
  async ask<K extends 'repeat' | 'probe'>(request: Extract<Request, { kind: K }>): Promise<Answers[K]> {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    return this.#answer<Answers[K]>();
  }

  repeat(steps: number): Promise<Answers['repeat']> {
    return this.ask({ kind: 'repeat', steps });
  }

  /** Ends them; returns when they are gone. */
  async close(): Promise<void> {
    this.#child.stdin?.end(`${JSON.stringify({ kind: 'end' } satisfies Request)}\n`);
    const late = setTimeout(() => this.#child.kill('SIGKILL'), LEAVE_MS);
    await this.#ended;
    clearTimeout(late);
  }

  async #answer<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done !== true) return JSON.parse(value) as T;
    const code = await this.#ended;
    throw new GradloomError({
      code: 'E_RANK',
      where: `${this.ranks} ${this.ranks === 1 ? 'rank' : 'ranks'}`,
      message: `ended before they had measured; exit code ${code ?? 'none'}`,
      lines: this.#errors
        .filter((line) => line.trim() !== '')
        .slice(0, KEPT_LINES)
        .map((line) => printableSentence(line)),
      next: 'mend what they say; gradloom train FILE --hosts LIST starts them the same way',
    });
  }
}

/** The first places for so many ranks. */
function firstOf(hosts: readonly Host[], ranks: number): Host[] {
  const chosen: Host[] = [];
  for (let left = ranks, i = 0; left > 0 && i < hosts.length; i++) {
    const { name, ranks: most } = hosts[i] as Host;
    chosen.push({ name, ranks: Math.min(left, most) });
    left -= most;
  }
  return chosen;
}
