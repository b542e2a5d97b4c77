import type { Experiment } from '../../../src/config/schema/schema.ts';
import type { Dataset } from '../../../src/data/dataset.ts';
import { type AnyExperiment, anyExperiment } from './any-experiment.ts';
import { hex, stateBits, withEngine } from './live.ts';

/** The bits of all that a run determines, and what computed it. */
async function outcome(experiment: Experiment, dataset: Dataset, workers: number): Promise<{ bits: string[]; code: string }> {
  return withEngine(experiment, dataset, workers, async ({ engine, plan }) => {
    await engine.train(0, plan.batches.totalSteps);
    const steps = engine
      .takeSteps()
      .flatMap(({ loss, correct, gradientNorm = Number.NaN, penalty }) => [loss, correct, gradientNorm, penalty]);
    const evaluation = await engine.evaluate('val');
    const { distrusted, name } = engine.code;
    return {
      bits: [...stateBits(engine.shared.snapshot()), hex(steps), JSON.stringify(evaluation)],
      code: [name, ...distrusted].join(', '),
    };
  });
}

/** How machine code differs from WebAssembly in an experiment, with these worker counts; a line for each. */
async function differences({ title, dataset, leaves, experiment }: AnyExperiment, workers: readonly number[]): Promise<string[]> {
  const expected = await outcome(experiment({ code: 'wasm' }), dataset, 1);
  const wrong: string[] = expected.code === 'wasm' ? [] : [`${title}: wasm was asked for, and ${expected.code} computed`];
  for (const count of workers.map((each) => Math.min(each, leaves))) {
    const got = await outcome(experiment({ code: 'native' }), dataset, count);
    if (!/^native-avx(?:2|512)$/.test(got.code)) wrong.push(`${title}: ${count} workers: computed by ${got.code}`);
    const at = got.bits.findIndex((bits, i) => bits !== expected.bits[i]);
    if (at >= 0 || got.bits.length !== expected.bits.length) wrong.push(`${title}: ${count} workers: part ${at} of the outcome differs`);
  }
  return wrong;
}

/** Trains random experiments with all features by machine code and by WebAssembly; what differs or fails, a line each. */
export async function compareCode(seed: number, count: number, workers: (index: number) => readonly number[]): Promise<string[]> {
  const wrong: string[] = [];
  for (let i = 0; i < count; i++) {
    const any = anyExperiment(seed + i);
    try {
      wrong.push(...(await differences(any, workers(i))));
    } catch (error) {
      wrong.push(`${any.title}: ${String(error)}`);
    }
  }
  return wrong;
}
