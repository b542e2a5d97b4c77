import { type ChildProcess, spawn } from 'node:child_process';
import { GradloomError, printableLines } from '../../errors.ts';
import { spellCommands } from '../../report/text/commands.ts';
import { shellWord } from '../../storage/shell.ts';
import type { JobRow } from '../work-protocol.ts';
import type { WorkRequest } from './request.ts';

/** Of what a job says, the end is kept. */
const KEPT_LETTERS = 8000;
const MOST_JOBS = 50;
const MOST_AT_WORK = 8;

interface Job {
  id: number;
  words: readonly string[];
  child: ChildProcess;
  started: Date;
  output: string;
  /** undefined: at work. */
  exit: string | undefined;
  hasFailed: boolean;
}

export interface JobsOptions {
  /** The program and its first arguments: node and the file of the command line. */
  program: readonly [string, ...string[]];
  /** Where jobs work. */
  root: string;
  launcher: string;
}

/**
 * Trainings, sweeps and comparisons that were started from the page. They are processes of their own, as if they had been typed, and go on
 * when the page and its server end.
 */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #jobs: Job[] = [];
  #count = 0;
  #revision = 0;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  get revision(): number {
    return this.#revision;
  }

  /** The latest first. */
  rows(): JobRow[] {
    return this.#jobs.map(({ id, words, started, output, exit, hasFailed }) => ({
      id,
      command: spellCommands(`gradloom ${words.map(shellWord).join(' ')}`, this.#options.launcher),
      status: exit === undefined ? 'running' : hasFailed ? 'failed' : 'ended',
      started: started.toISOString(),
      output,
      exit: exit ?? '',
      canStop: exit === undefined,
    }));
  }

  get atWork(): number {
    return this.#jobs.filter(({ exit }) => exit === undefined).length;
  }

  /** @throws GradloomError E_BUSY where too many are at work */
  start({ kind, config: file, overrides }: WorkRequest): number {
    // A file may be called as an option is.
    const config = file.startsWith('-') ? `./${file}` : file;
    return this.#run([...(kind === 'sweep' ? ['sweep', 'run'] : [kind]), config, ...overrides]);
  }

  /** Goes on with a run or a sweep. @throws GradloomError as `start` */
  resume(kind: 'run' | 'sweep', directory: string): number {
    return this.#run([...(kind === 'sweep' ? ['sweep'] : []), 'resume', directory]);
  }

  /** Asks a job to save and end. @returns whether it is one, at work */
  stop(id: number): boolean {
    const job = this.#jobs.find((one) => one.id === id);
    return job?.exit === undefined && job?.child.kill('SIGINT') === true;
  }

  #run(words: readonly string[]): number {
    if (this.atWork >= MOST_AT_WORK) {
      const message = `${MOST_AT_WORK} jobs of this page are at work`;
      throw new GradloomError({ code: 'E_BUSY', message, next: 'wait until one has ended, or stop it' });
    }
    const { program, root } = this.#options;
    const [file, ...before] = program;
    // A group of its own: Ctrl-C in the terminal of the page is not meant for it.
    const child = spawn(file, [...before, ...words], { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const job: Job = { id: ++this.#count, words, child, started: new Date(), output: '', exit: undefined, hasFailed: false };
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#say(job, text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#say(job, text));
    child.on('error', (error) => this.#end(job, error.message, true));
    child.on('close', (code, signal) => this.#end(job, signal ?? `exit ${code}`, code !== 0 && code !== 130));
    this.#jobs.unshift(job);
    // The oldest that has ended makes room.
    const over = this.#jobs.findLastIndex(({ exit }) => exit !== undefined);
    if (this.#jobs.length > MOST_JOBS && over >= 0) this.#jobs.splice(over, 1);
    this.#revision++;
    return job.id;
  }

  #say(job: Job, text: string): void {
    job.output = (job.output + printableLines(text)).slice(-KEPT_LETTERS);
    this.#revision++;
  }

  #end(job: Job, exit: string, hasFailed: boolean): void {
    job.exit = exit;
    job.hasFailed = hasFailed;
    this.#revision++;
  }
}
