import { Engine, type EngineOptions } from '../../../src/engine/coordinator/engine.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import type { Fault } from './faulty-rank.ts';
import { makeExperiment, startingFrom } from './outcome.ts';
import { makeSamples, randomVector } from './samples.ts';

export const FAULTY_ENTRY = new URL('./faulty-rank.js', import.meta.url);
export const FAULTY_STEPS = 30;

/** An engine of a small experiment in whose threads the fault waits. */
export async function startFaulty(fault: Fault, workers = 3, options: EngineOptions = {}, steps = FAULTY_STEPS): Promise<Engine> {
  const dataset = makeSamples({ rows: { train: 64, val: 40 }, features: 64, target: { classes: 4 } });
  // Five chunks of parameters and more: each of four ranks reduces and updates some, so a fault in these kernels strikes.
  const layers = [{ units: 160, activation: 'gelu' }, { units: 4 }];
  const experiment = makeExperiment({
    layers,
    train: { batch_size: 16, steps, eval: { on: 'none', batch_size: 16 } },
    notes: JSON.stringify(fault),
    // A fault strikes in a kernel and a step: none may be chosen by the clock.
    parallel: { skip_zeros: 'never' },
  });
  const plan = planEngine(experiment, dataset, workers, 50);
  const initial = startingFrom(plan, randomVector(plan.network.vectorFloats, 0.3, 2));
  return Engine.start(plan, dataset, initial, { entry: FAULTY_ENTRY, ...options });
}
