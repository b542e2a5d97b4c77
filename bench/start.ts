import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { COMPLETE } from '../src/cli/terminal/shells.ts';
import type { Section } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { estimate } from './rounds.ts';
import type { Workload } from './workloads.ts';

const STARTS = 5;
const PEAKS = 3;
const MAIN = new URL('../src/cli/main.js', import.meta.url).pathname;
const CONFIG = new URL('../../configs/mnist.yaml', import.meta.url).pathname;

/**
 * Seconds from the start of `gradloom train configs/mnist.yaml` to the line of its first step in metrics.jsonl. The run has one step: one
 * of more writes its lines some of them at a time.
 */
async function firstStepSeconds(overrides: readonly string[]): Promise<number> {
  const parent = mkdtempSync(path.join(tmpdir(), 'gradloom-start-'));
  const started = performance.now();
  const words = [CONFIG, '~train.epochs', 'train.steps=1', 'track.log_every.steps=1', `track.dir=${parent}`, ...overrides];
  const child = spawn(process.execPath, [MAIN, 'train', ...words, '--quiet'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  try {
    while (!hasMetrics(parent)) {
      if (child.exitCode !== null) throw new Error(`gradloom train ended with ${child.exitCode} before its first step`);
      await setTimeout(2);
    }
    return (performance.now() - started) / 1000;
  } finally {
    await ended;
    rmSync(parent, { recursive: true });
  }
}

function hasMetrics(parent: string): boolean {
  return readdirSync(parent).some((run) => (statSync(path.join(parent, run, 'metrics.jsonl'), { throwIfNoEntry: false })?.size ?? 0) > 0);
}

/** Seconds that Node takes for a program, from its start to its end. */
function nodeSeconds(args: readonly string[]): number {
  const started = performance.now();
  execFileSync(process.execPath, args, { stdio: 'ignore' });
  return (performance.now() - started) / 1000;
}

/** Seconds that a command takes beyond those of a program that does nothing, measured side by side. */
function commandSeconds(args: readonly string[]): number {
  const bare = nodeSeconds(['--eval', '0']);
  return nodeSeconds([MAIN, ...args]) - bare;
}

/** Largest resident memory, in bytes, of a process of its own that trains one block of the workload. */
export function peakBytes(workload: Workload, workers: number, overrides: readonly string[]): number {
  const program = `
    import { startWorkload } from '${new URL('./workloads.js', import.meta.url).href}';
    const { measure, close } = await startWorkload(${JSON.stringify(workload)}, ${workers}, ${JSON.stringify(overrides)});
    await measure();
    console.log(process.resourceUsage().maxRSS * 1024);
    await close();`;
  return numberFrom(program);
}

function numberFrom(program: string): number {
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' }));
}

/** How soon and with how much memory training starts. */
export async function startSections(workload: Workload, { workers, overrides }: BenchOptions): Promise<Section[]> {
  await firstStepSeconds(overrides);
  const steps: number[] = [];
  for (let i = 0; i < STARTS; i++) steps.push(await firstStepSeconds(overrides));
  const seconds = estimate(steps);
  const versions = estimate(Array.from({ length: STARTS }, () => commandSeconds(['--version'])));
  // A shell waits for these.
  const candidates = estimate(Array.from({ length: STARTS }, () => commandSeconds([COMPLETE, 'train', 'a.yaml', 'optimizer.'])));
  const peaks = workers.map((count) => estimate(Array.from({ length: PEAKS }, () => peakBytes(workload, count, overrides) / 1e6)));
  return [
    {
      id: 'start',
      title: 'From the start of gradloom train configs/mnist.yaml to the end of its first step, warm data cache',
      columns: [{ name: 'seconds', unit: 's', better: 'less' }],
      rows: [
        { name: 'first step', values: [seconds] },
        { name: 'gradloom --version, beyond node', values: [versions] },
        { name: 'candidates for Tab, beyond node', values: [candidates] },
      ],
    },
    {
      id: 'memory',
      title: `Peak resident memory of a process that trains ${workload.name}`,
      columns: [{ name: 'MB', unit: 'MB', better: 'less' }],
      rows: workers.map((count, i) => ({ name: `${count} ${count === 1 ? 'worker' : 'workers'}`, values: [peaks[i]] })),
    },
  ];
}
