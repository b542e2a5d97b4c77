/**
 * Whole training steps against the kernel's own rate in the same run, for one worker and for every core; and the time from the start
 * of a process to the end of its first step with a warm data cache.
 * `node dist/bench/step.js [--json] [--rounds N] [--workers 1,2,4]`
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { countCores } from '../src/engine/cores.ts';
import { tileRate } from './kernels.ts';
import { type StepRate, startWorkload, WORKLOADS } from './workloads.ts';

interface Row {
  workload: string;
  workers: number;
  samplesPerSecond: number;
  gflops: number;
  /** Of `workers` times the bare tile's rate, measured just before. */
  share: number;
  /** Against one worker, from the same rounds. */
  speedup: number;
  phases: StepRate['phases'];
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '9' },
    workers: { type: 'string', default: [...new Set([1, countCores().usable])].join(',') },
  },
});

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** All worker counts take turns, so that drift of the machine falls on all of them. */
async function measure(workload: (typeof WORKLOADS)[number], counts: readonly number[], rounds: number): Promise<Row[]> {
  const running = await Promise.all(counts.map((workers) => startWorkload(workload, workers)));
  const rates = counts.map((): StepRate[] => []);
  const shares = counts.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, workers] of counts.entries()) {
      const tile = tileRate(5);
      const rate = await (running[i] as (typeof running)[number]).measure();
      rates[i]?.push(rate);
      shares[i]?.push(rate.gflops / (tile * workers));
    }
  }
  for (const { close } of running) await close();
  const base = median((rates[0] ?? []).map((rate) => rate.samplesPerSecond));
  return counts.map((workers, i) => {
    const of = (pick: (rate: StepRate) => number): number => median((rates[i] ?? []).map(pick));
    const samplesPerSecond = of((rate) => rate.samplesPerSecond);
    const phases = {
      compute: of((rate) => rate.phases.compute),
      wait: of((rate) => rate.phases.wait),
      reduce: of((rate) => rate.phases.reduce),
    };
    return {
      workload: workload.name,
      workers,
      samplesPerSecond,
      gflops: of((rate) => rate.gflops),
      share: median(shares[i] ?? []),
      speedup: samplesPerSecond / base,
      phases,
    };
  });
}

/** Seconds from the start of a process that imports the library to the end of its first step. */
function firstStepSeconds(): number {
  const program = `
    import { loadExperiment, train } from '${new URL('../src/index.js', import.meta.url).href}';
    const run = train(loadExperiment('${new URL('../../configs/mnist.yaml', import.meta.url).pathname}', { overrides: ['track.log_every.steps=1'] }), { dry: true });
    for await (const event of run) if (event.type === 'metrics') { console.log(performance.now() / 1000); process.exit(); }`;
  const start = (): number => Number(execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' }));
  start();
  return median(Array.from({ length: 5 }, start));
}

tileRate(200);
const rows: Row[] = [];
for (const workload of WORKLOADS) rows.push(...(await measure(workload, values.workers.split(',').map(Number), Number(values.rounds))));
const firstStep = firstStepSeconds();
const tile = tileRate(200);
if (values.json) {
  console.log(JSON.stringify({ node: process.version, tile_gflops: tile, first_step_seconds: firstStep, steps: rows }));
} else {
  console.log(`bare 4x8 tile ${tile.toFixed(1)} GFLOP/s on one core, node ${process.version}`);
  for (const { workload, workers, samplesPerSecond, gflops, share, speedup, phases } of rows) {
    const percent = (part: number): string => `${(100 * part).toFixed(0)} %`.padStart(5);
    console.log(
      `${workload.padEnd(26)} ${workers} workers ${samplesPerSecond.toFixed(0).padStart(8)} samples/s ${gflops.toFixed(1).padStart(6)} GFLOP/s ` +
        `${percent(share)} of the tile's rate, speedup ${speedup.toFixed(2)}; compute ${percent(phases.compute)} wait ${percent(phases.wait)} reduce ${percent(phases.reduce)}`,
    );
  }
  console.log(`first step ${firstStep.toFixed(2)} s after the start of the process (warm data cache)`);
}
