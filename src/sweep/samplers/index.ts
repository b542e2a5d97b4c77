import { LOG_VERSION, type SweepEntry } from '../journal/entries.ts';
import type { Method } from '../schema.ts';
import type { SearchSpace } from '../space/space.ts';
import type { Assignment } from '../trial.ts';
import { CmaesSampler } from './cmaes.ts';
import { GridSampler } from './grid.ts';
import { RandomSampler, randomPoints } from './random.ts';
import type { Sampler } from './sampler.ts';
import { SobolSampler } from './sobol.ts';
import { TpeSampler } from './tpe.ts';

type Make = (space: SearchSpace, seed: number, queued: readonly Assignment[], mostObservations: number | undefined) => Sampler;

const SAMPLERS: { readonly [method in Method]: Make } = {
  grid: (space, _seed, queued) => new GridSampler(space, queued),
  random: (space, seed) => new RandomSampler(space, seed),
  sobol: (space, seed, queued) => new SobolSampler(space, seed, queued.length),
  tpe: (space, seed, _queued, most) => new TpeSampler(space, seed, most),
  cmaes: (space, seed, _queued, most) => new CmaesSampler(space, seed, most),
};

/**
 * The sampler of a method. The trials that the file enqueues come first; what they leave out is drawn at random.
 *
 * @param seed     of the sweep
 * @param version  of the sweep's log: suggestions that an older one holds are made as they were made then
 * @throws GradloomError E_SWEEP_CONSTRAINTS if an enqueued trial can not satisfy the constraints
 */
export function makeSampler(method: Method, space: SearchSpace, seed: number, version: SweepEntry['version'] = LOG_VERSION): Sampler {
  const queued = space.enqueued.map((given, number) => space.firstSatisfying(randomPoints(space, seed, number), given));
  const sampler = SAMPLERS[method](space, seed, queued, version >= 3 ? undefined : Number.POSITIVE_INFINITY);
  return {
    total: sampler.total,
    suggest: (number, history) => queued[number] ?? sampler.suggest(number, history),
  };
}
