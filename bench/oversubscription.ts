import { countCores } from '../src/machine/cores.ts';
import type { Section } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { estimate, estimateRatio, inRounds } from './rounds.ts';
import { experimentOf, startWorkload, type Workload } from './workloads.ts';

const FACTORS = [1, 2, 4];

/** What it costs to ask for more workers than there are cores. */
export async function oversubscriptionSection(workload: Workload, { rounds, overrides }: BenchOptions): Promise<Section> {
  const { usable } = countCores();
  const { leaves } = experimentOf(workload, overrides).numerics;
  const counts = [...new Set(FACTORS.map((factor) => Math.min(factor * usable, leaves)))];
  const running: Awaited<ReturnType<typeof startWorkload>>[] = [];
  for (const workers of counts) running.push(await startWorkload(workload, workers, overrides));
  const blocks = await inRounds(
    running.map(({ measure }) => measure),
    rounds,
  );
  for (const { close } of running) await close();
  const seconds = (i: number): number[] => (blocks[i] ?? []).map((block) => block.seconds);
  return {
    id: 'oversubscription',
    title: `More workers than the ${usable} usable cores: ${workload.name}`,
    columns: [
      { name: 'samples/s', unit: 'rows/s', better: 'more' },
      { name: `time over ${usable} workers`, unit: 'times', better: 'less' },
    ],
    rows: counts.map((workers, i) => ({
      name: `${workers} ${workers === 1 ? 'worker' : 'workers'}`,
      values: [
        estimate((blocks[i] ?? []).map(({ samplesPerSecond }) => samplesPerSecond)),
        i === 0 ? undefined : estimateRatio(seconds(i), seconds(0)),
      ],
    })),
  };
}
