import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { type Finished, listenTo } from './child.ts';

export const MAIN = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));

/** An experiment that trains in a moment. */
export const SMALL = `name: small
data: {source: {type: synthetic, kind: blobs, samples: 1000}}
model:
  layers: [{type: dense, units: 8, activation: relu}, {type: dense, units: 3}]
train: {epochs: 3, batch_size: 32}
`;

/** A test that fails must not leave a process behind. */
const MAX_MS = 60_000;

export interface Started {
  child: ChildProcess;
  finished: Promise<Finished>;
  /** Resolves when stderr holds the text. */
  says: (text: string) => Promise<void>;
}

/** A directory of the test's own, with files in it. */
export function workplace(t: ExecutionContext, files: Record<string, string> = { 'small.yaml': SMALL }): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-cli-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(directory, name), content);
  return directory;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Arguments for node itself. */
  node?: readonly string[];
}

/** Starts the built command line as a user would, without a terminal. */
export function start(args: readonly string[], { cwd = tmpdir(), env = {}, node = [] }: RunOptions = {}): Started {
  const { FORCE_COLOR: _force, NO_COLOR: _none, ...rest } = process.env;
  const limits = { timeout: MAX_MS, killSignal: 'SIGKILL' } as const;
  const child = spawn(process.execPath, [...node, MAIN, ...args], {
    cwd,
    env: { ...rest, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...limits,
  });
  const { ended: finished, says } = listenTo(child);
  return { child, finished, says };
}

export function gradloom(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return start(args, options).finished;
}
