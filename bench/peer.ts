import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { WorkloadLayer } from './workloads.ts';

/** A program that does a workload: gradloom, or a peer in a process of its own. It goes on from where its last block ended. */
export interface Peer {
  /** What it is, with versions. */
  readonly version: string;
  train(steps: number): Promise<{ seconds: number; rows: number }>;
  /** Mean loss over all rows; null where it has no comparable one. */
  loss(): Promise<number | null>;
  /** Largest resident memory so far, of all its processes. */
  peakBytes(): Promise<number>;
  close(): Promise<void>;
}

/** The first line that a peer reads; see bench/peers/protocol.py. */
export interface PeerSetup {
  directory: string;
  /** Of a row: [features], or [channels, height, width]. */
  shape: readonly number[];
  layers: readonly WorkloadLayer[];
  batch: number;
  optimizer: { type: string; lr: number };
  threads: number;
}

/** A peer did not start, or stopped in the middle; the message says why. */
export class PeerError extends Error {}

/** A request takes at most this long. */
const LIMIT_MS = 300_000;
const CLOSE_MS = 5000;
const MAX_STDERR = 2000;

type Request = { do: 'train'; steps: number } | { do: 'loss' | 'peak' };

/** The driver's side of the protocol: one request at a time, each with one answer. */
export class ProcessPeer implements Peer {
  version = '';
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  readonly #gone: Promise<void>;
  #stderr = '';
  #settle: ((line: string | Error) => void) | undefined;

  private constructor(command: string, args: readonly string[], env: Record<string, string>) {
    this.#child = spawn(command, args, { stdio: 'pipe', env: { ...process.env, ...env } });
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#lines.on('line', (line) => this.#settle?.(line));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-MAX_STDERR);
    });
    // A program that is gone says so by its end; writing to it is no second fault.
    this.#child.stdin.on('error', (error) => this.#settle?.(error));
    this.#gone = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#settle?.(error);
        resolve();
      });
      this.#child.on('close', (code, signal) => {
        const last = this.#stderr.trim().split('\n').at(-1) ?? '';
        this.#settle?.(new Error(`ended with ${signal ?? `code ${code}`}${last === '' ? '' : `: ${last}`}`));
        resolve();
      });
    });
  }

  /** @throws PeerError */
  static async start(command: string, args: readonly string[], setup: PeerSetup, env: Record<string, string> = {}): Promise<ProcessPeer> {
    const peer = new ProcessPeer(command, args, env);
    try {
      const { version, blas } = await peer.#ask(setup);
      peer.version = [version, blas].filter((part) => typeof part === 'string' && part !== '').join(', ');
      return peer;
    } catch (error) {
      await peer.close();
      throw error;
    }
  }

  async train(steps: number): Promise<{ seconds: number; rows: number }> {
    const { seconds, rows } = await this.#request({ do: 'train', steps });
    if (typeof seconds !== 'number' || typeof rows !== 'number') throw new PeerError('answered train without seconds and rows');
    return { seconds, rows };
  }

  async loss(): Promise<number | null> {
    const { loss } = await this.#request({ do: 'loss' });
    return typeof loss === 'number' ? loss : null;
  }

  async peakBytes(): Promise<number> {
    const { bytes } = await this.#request({ do: 'peak' });
    return typeof bytes === 'number' ? bytes : Number.NaN;
  }

  /** Peers end when their stdin does; one that does not is ended. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    const late = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_MS);
    await this.#gone;
    clearTimeout(late);
    this.#lines.close();
  }

  #request(request: Request): Promise<Record<string, unknown>> {
    return this.#ask(request);
  }

  async #ask(message: object): Promise<Record<string, unknown>> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new PeerError('has ended');
    const line = await new Promise<string | Error>((resolve) => {
      const late = setTimeout(() => {
        this.#child.kill('SIGKILL');
        this.#settle?.(new Error(`no answer within ${LIMIT_MS / 1000} s`));
      }, LIMIT_MS);
      this.#settle = (settled) => {
        this.#settle = undefined;
        clearTimeout(late);
        resolve(settled);
      };
      this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    });
    if (line instanceof Error) throw new PeerError(line.message);
    const answer = parse(line);
    if (typeof answer['error'] === 'string') throw new PeerError(answer['error']);
    return answer;
  }
}

function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    throw new PeerError(`answered ${JSON.stringify(line.slice(0, 100))}; expected a line of JSON`);
  }
}
