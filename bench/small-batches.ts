import type { Section } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { estimate, inRounds } from './rounds.ts';
import { dense, type Program, startWorkload, type Workload } from './workloads.ts';

const BATCHES = [1, 8, 32];
const LAYERS = [dense(128), dense(10)];
/** Some tenths of a second, within a segment. */
const stepsFor = (batch: number): number => Math.round(4000 / Math.sqrt(batch));

/** What a step costs where there is little to compute: the program's own overhead. */
export async function smallBatchSection({ workers, rounds, overrides }: BenchOptions): Promise<Section> {
  const programs: Program[] = ['sequential', ...workers];
  const rows: Section['rows'][number][] = [];
  for (const batch of BATCHES) {
    const workload: Workload = { name: `[784,128,10] b${batch}`, layers: LAYERS, batch, steps: stepsFor(batch) };
    const running = await Promise.all(programs.map((program) => startWorkload(workload, program, overrides)));
    const blocks = await inRounds(
      running.map(({ measure }) => measure),
      rounds,
    );
    for (const { close } of running) await close();
    rows.push({ name: workload.name, values: blocks.map((of) => estimate(of.map(({ seconds, steps }) => (1e6 * seconds) / steps))) });
  }
  const nameOf = (program: Program): string => (program === 'sequential' ? program : `${program} ${program === 1 ? 'worker' : 'workers'}`);
  return {
    id: 'small-batches',
    title: 'Microseconds of a step with a small batch, SGD',
    columns: programs.map((program) => ({ name: nameOf(program), unit: 'us', better: 'less' })),
    rows,
  };
}
