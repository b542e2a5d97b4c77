import test from 'ava';
import type { MemoryPlan } from '../../../src/engine/plan/memory.ts';
import type { Region } from '../../../src/engine/plan/place.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import { GradloomError } from '../../../src/errors.ts';
import { anyPictures } from '../support/any-pictures.ts';
import { experimentOf } from '../support/live.ts';
import { makeExperiment } from '../support/outcome.ts';
import { Dice, makeSamples, type SampleOptions } from '../support/samples.ts';

const SEED = Number(process.env['GRADLOOM_TEST_SEED'] ?? 7);
const PLANS = Number(process.env['GRADLOOM_TEST_CASES'] ?? 300);

/** Every region of a plan with a name; tensors of the graph may share one. */
function regionsOf(plan: MemoryPlan): { name: string; region: Region }[] {
  const found: { name: string; region: Region }[] = [];
  const visit = (name: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('at' in value && 'bytes' in value) {
      const { at, bytes } = value as Region;
      const isShared = name.includes('.graph.') && found.some(({ region }) => region.at === at && region.bytes === bytes);
      if (!isShared) found.push({ name, region: { at, bytes } });
    } else for (const [key, item] of Object.entries(value)) visit(`${name}.${key}`, item);
  };
  const { bytes: _bytes, pages: _pages, ...regions } = plan;
  visit('memory', regions);
  return found;
}

test(`regions are aligned to 64 bytes, disjoint and inside the memory: ${PLANS} random experiments (seed ${SEED})`, (t) => {
  for (let i = 0; i < PLANS; i++) {
    const dice = new Dice(SEED + i);
    const loss = dice.pick(['softmax_cross_entropy', 'mse'] as const);
    const samples: SampleOptions = {
      rows: { train: dice.int(1, 300), val: dice.int(0, 100), test: dice.int(0, 10) },
      features: dice.int(1, 90),
      stored: dice.pick(['uint8', 'f32'] as const),
      normalize: dice.pick(['unit', 'zscore'] as const),
      target: { classes: 3 },
    };
    const leaves = dice.int(1, 64);
    const layers = Array.from({ length: dice.int(0, 4) }, () => ({ units: dice.int(1, 300), activation: dice.pick(['relu', 'gelu']) }));
    const train = { batch_size: dice.next() < 0.3 ? 'full' : dice.int(1, 400), eval: { batch_size: dice.int(1, 300) } };
    const plan = planEngine(
      makeExperiment({ layers: [...layers, { units: 3 }], loss, leaves, train }),
      makeSamples(samples),
      dice.int(1, leaves),
    );
    const regions = regionsOf(plan.memory).sort((a, b) => a.region.at - b.region.at || a.region.bytes - b.region.bytes);
    let end = 0;
    for (const { name, region } of regions) {
      if (region.at % 64 !== 0 || region.at < end) t.fail(`seed ${SEED + i}: ${name} at ${region.at}, the one before it ends at ${end}`);
      end = region.at + region.bytes;
    }
    t.true(end <= plan.memory.bytes);
    t.is(plan.memory.pages, Math.ceil(plan.memory.bytes / 65536));
    t.is(regions[0]!.name, 'memory.control');
    t.is(plan.memory.nodes.length, plan.memory.slabs.length);
    t.is(plan.memory.slabs[0]!.bytes, plan.memory.parameters.bytes);
    for (const slab of plan.memory.slabs) t.true(slab.bytes <= plan.memory.parameters.bytes);
  }
});

test(`so are those of ${PLANS / 10} random networks of pictures (seed ${SEED})`, (t) => {
  for (let seed = SEED; seed < SEED + PLANS / 10; seed++) {
    const { title, dataset, parts } = anyPictures(seed);
    const plan = planEngine(experimentOf({ ...parts, train: { batch_size: 16, steps: 1 } }), dataset, 1 + (seed % parts.numerics.leaves));
    const regions = regionsOf(plan.memory).sort((a, b) => a.region.at - b.region.at || a.region.bytes - b.region.bytes);
    let end = 0;
    for (const { name, region } of regions) {
      if (region.at % 64 !== 0 || region.at < end) t.fail(`${title}: ${name} at ${region.at}, the one before it ends at ${end}`);
      end = region.at + region.bytes;
    }
    t.true(end <= plan.memory.bytes);
  }
});

test('a plan is a pure function: twice the same, and the size grows with the batch', (t) => {
  const dataset = makeSamples({ rows: { train: 100 }, features: 5, target: { classes: 3 } });
  const planOf = (batch: number) =>
    planEngine(makeExperiment({ layers: [{ units: 3 }], train: { batch_size: batch, eval: { batch_size: 1 } } }), dataset, 4).memory;
  t.deepEqual(planOf(32), planOf(32));
  t.true(planOf(100).bytes > planOf(10).bytes);
});

test('C13 a model beyond 4 GiB is E_MEMORY with need and limit, before anything is allocated', (t) => {
  const dataset = makeSamples({ rows: { train: 10 }, features: 4, target: { classes: 2 } });
  const experiment = makeExperiment({ layers: [{ units: 1_000_000 }, { units: 1_000_000 }, { units: 2 }] });
  const before = process.memoryUsage.rss();
  const error = t.throws(() => planEngine(experiment, dataset, 2), { instanceOf: GradloomError });
  t.is(error.code, 'E_MEMORY');
  t.is(error.exitCode, 78);
  t.regex(error.message, /^the run needs \d+\.\d TiB of shared memory, the limit is 4\.0 GiB$/);
  t.is(error.where, 'model.layers');
  t.regex(error.next!, /numerics\.leaves/);
  t.true(process.memoryUsage.rss() - before < 64 * 2 ** 20);
});

test('C13 the limit is exact: the largest plan below 4 GiB is accepted and one unit more in each row is not', (t) => {
  const dataset = makeSamples({ rows: { train: 2 }, features: 1, target: { classes: 2 } });
  const bytesOf = (units: number): number => {
    try {
      return planEngine(makeExperiment({ layers: [{ units }, { units: 2 }], leaves: 1 }), dataset, 1).memory.bytes;
    } catch (error) {
      if (error instanceof GradloomError && error.code === 'E_MEMORY') return Infinity;
      throw error;
    }
  };
  // Grows by the same bytes for each unit; found by halving.
  let [low, high] = [1, 1_000_000];
  if (bytesOf(high) < Infinity) {
    t.true(bytesOf(high) <= 2 ** 32);
    return;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (bytesOf(middle) === Infinity) high = middle;
    else low = middle;
  }
  t.true(bytesOf(low) <= 2 ** 32 && bytesOf(low) > 2 ** 32 - 2 ** 20);
});

test('shared memory grows with the workers, not with their square', (t) => {
  const samples = makeSamples({ rows: { train: 512, val: 0, test: 0 }, features: 8, target: { classes: 3 } });
  const bytes = (workers: number): number => {
    const experiment = makeExperiment({ layers: [{ units: 16 }, { units: 3 }], leaves: workers, train: { batch_size: 512 } });
    const { memory } = planEngine(experiment, samples, workers);
    // Scratch holds a few words for each leaf of the batch: it follows leaves and rows, as the products do.
    return memory.bytes - memory.scratch.reduce((sum, region) => sum + region.bytes, 0);
  };
  const [few, some, many, most] = [64, 128, 256, 512].map(bytes) as [number, number, number, number];
  // Twice the workers, twice the growth; a square would grow four times as much.
  t.true((many - some) / (some - few) < 2.3, `${few}, ${some}, ${many}`);
  t.true((most - many) / (many - some) < 2.3, `${some}, ${many}, ${most}`);
});
