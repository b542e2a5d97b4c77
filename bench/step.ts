import type { Estimate } from '../src/speedup/statistics.ts';
import type { Section } from './figures.ts';
import { tileRate } from './kernels.ts';
import type { BenchOptions } from './options.ts';
import { estimate, estimateRatio, inRounds } from './rounds.ts';
import { type Program, type StepRate, startWorkload, type Workload } from './workloads.ts';

interface Block extends StepRate {
  /** Of the bare tile on one core, just before. */
  tile: number;
}

/** Whole training steps against the bare tile's rate, the sequential program and one worker; and where the workers' time goes. */
export async function stepSection(workloads: readonly Workload[], { workers, rounds, overrides }: BenchOptions): Promise<Section> {
  const programs: Program[] = ['sequential', ...workers];
  const rows: { name: string; values: (Estimate | undefined)[] }[] = [];
  for (const workload of workloads) {
    const running = await Promise.all(programs.map((program) => startWorkload(workload, program, overrides)));
    const block = (measure: () => Promise<StepRate>) => async (): Promise<Block> => {
      const tile = tileRate(5);
      return { ...(await measure()), tile };
    };
    const blocks = await inRounds(
      running.map(({ measure }) => block(measure)),
      rounds,
    );
    for (const { close } of running) await close();
    const rates = (i: number): number[] => (blocks[i] ?? []).map(({ samplesPerSecond }) => samplesPerSecond);
    const one = programs.indexOf(1);
    for (const [i, program] of programs.entries()) {
      const of = (pick: (block: Block) => number): Estimate => estimate((blocks[i] ?? []).map(pick));
      const threads = program === 'sequential' ? 1 : program;
      rows.push({
        name: `${workload.name}, ${program === 'sequential' ? program : `${program} ${program === 1 ? 'worker' : 'workers'}`}`,
        values: [
          of(({ samplesPerSecond }) => samplesPerSecond),
          of(({ gflops }) => gflops),
          of(({ gflops, tile }) => gflops / (tile * threads)),
          i === 0 ? undefined : estimateRatio(rates(i), rates(0)),
          one < 0 || i === one ? undefined : estimateRatio(rates(i), rates(one)),
          of(({ phases }) => phases.compute),
          of(({ phases }) => phases.wait),
          of(({ phases }) => phases.reduce),
          of(({ phases }) => phases.wait + phases.reduce),
        ],
      });
    }
  }
  return {
    id: 'step',
    title: 'Whole steps (gather, products, barriers, reduction, update); tile: of as many cores times the rate of the bare 4x8 tile',
    columns: [
      { name: 'samples/s', unit: 'rows/s', better: 'more' },
      { name: 'GFLOP/s', unit: 'GFLOP/s', better: 'more' },
      { name: 'of tile', unit: 'share', better: 'more' },
      { name: 'over sequential', unit: 'times', better: 'more' },
      { name: 'over one worker', unit: 'times', better: 'more' },
      { name: 'compute', unit: 'share', better: 'neither' },
      { name: 'wait', unit: 'share', better: 'less' },
      { name: 'reduce', unit: 'share', better: 'less' },
      { name: 'wait + reduce', unit: 'share', better: 'less' },
    ],
    rows,
  };
}
