import { History } from '../../src/sweep/samplers/history.ts';
import { makeSampler } from '../../src/sweep/samplers/index.ts';
import type { Method } from '../../src/sweep/schema.ts';
import { lossOf, sweepIn } from './sweep.ts';

const REPEATS = 10;

/** Milliseconds of the processor for a suggestion after so many trials. @param version  of the sweep's log: 2 has no bound for tpe */
export function suggestionMs(directory: string, method: Method, trials: number, version: 2 | 3): number {
  const { space } = sweepIn(directory, { method: 'random', scheduler: 'none', trials, order: 'logical' });
  const random = makeSampler('random', space, 1);
  const history = new History();
  for (let number = 0; number < trials; number++) {
    const assignment = random.suggest(number, []) ?? {};
    history.set({ number, assignment, value: lossOf(assignment, 9) });
  }
  const sampler = makeSampler(method, space, 1, version);
  sampler.suggest(trials, history.all);
  const before = process.cpuUsage();
  for (let i = 1; i <= REPEATS; i++) sampler.suggest(trials + i, history.all);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / REPEATS;
}
