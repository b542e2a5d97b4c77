import { execFileSync } from 'node:child_process';
import type { Section } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { estimate } from './rounds.ts';
import type { Workload } from './workloads.ts';

const STARTS = 5;
const PEAKS = 3;

/** Seconds from the start of a process that imports the library to the end of its first step, with a warm data cache. */
function firstStepSeconds(overrides: readonly string[]): number {
  const program = `
    import { loadExperiment, train } from '${new URL('../src/index.js', import.meta.url).href}';
    const file = '${new URL('../../configs/mnist.yaml', import.meta.url).pathname}';
    const run = train(loadExperiment(file, { overrides: ['track.log_every.steps=1', ...${JSON.stringify(overrides)}] }), { dry: true });
    for await (const event of run) if (event.type === 'metrics') { console.log(performance.now() / 1000); process.exit(); }`;
  return numberFrom(program);
}

const MAIN = new URL('../src/cli/main.js', import.meta.url).pathname;

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
export function startSections(workload: Workload, { workers, overrides }: BenchOptions): Section[] {
  firstStepSeconds(overrides);
  const seconds = estimate(Array.from({ length: STARTS }, () => firstStepSeconds(overrides)));
  const versions = estimate(Array.from({ length: STARTS }, () => commandSeconds(['--version'])));
  const peaks = workers.map((count) => estimate(Array.from({ length: PEAKS }, () => peakBytes(workload, count, overrides) / 1e6)));
  return [
    {
      id: 'start',
      title: 'From the start of a process to the end of its first step, configs/mnist.yaml, warm data cache',
      columns: [{ name: 'seconds', unit: 's', better: 'less' }],
      rows: [
        { name: 'first step', values: [seconds] },
        { name: 'gradloom --version, beyond node', values: [versions] },
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
