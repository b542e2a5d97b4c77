import { open, rename, unlink } from 'node:fs/promises';
import type { Experiment } from '../../../src/config/schema/schema.ts';
import { resume } from '../../../src/runs/training/resume.ts';
import { train } from '../../../src/runs/training/train.ts';
import type { FileCalls, WritableFile } from '../../../src/storage/atomic.ts';
import type { FileCall } from './kill-case.ts';

/** What a child process that will be killed is to do. */
export interface Doomed {
  /** Of a new run; without, the run in `directory` goes on. */
  experiment?: Experiment;
  directory: string;
  workers: number;
  /** Dies by itself before or after the n-th file call of this name. */
  killPoint?: { call: FileCall; when: 'before' | 'after'; count: number };
}

const doomed = JSON.parse(process.argv[2] ?? '{}') as Doomed;

let left = doomed.killPoint?.count ?? 0;

async function at<T>(call: FileCall, run: () => Promise<T>): Promise<T> {
  const isHere = doomed.killPoint?.call === call && left-- === 0;
  if (isHere && doomed.killPoint?.when === 'before') process.kill(process.pid, 'SIGKILL');
  const result = await run();
  if (isHere) process.kill(process.pid, 'SIGKILL');
  return result;
}

const files: FileCalls = {
  async open(name, flags, mode): Promise<WritableFile> {
    const isDirectory = mode === undefined;
    const file = await at(isDirectory ? 'open directory' : 'open', () => open(name, flags, mode));
    return {
      write: (bytes, offset, length) => at('write', () => file.write(bytes, offset, length)),
      sync: () => at(isDirectory ? 'sync directory' : 'sync', () => file.sync()),
      close: () => at('close', () => file.close()),
    };
  },
  rename: (from, to) => at('rename', () => rename(from, to)),
  unlink: (name) => at('unlink', () => unlink(name)),
};

process.stdout.write('ready\n');
const { experiment, directory, workers } = doomed;
const options = { storage: { files } };
const run = experiment === undefined ? resume(directory, { ...options, workers }) : train({ experiment }, { ...options, directory });
await run.result;
process.stdout.write('finished\n');
