import { fileURLToPath } from 'node:url';
import test from 'ava';
import { loadExperiment, train } from '../src/index.ts';

/** Losses that the numpy network printed before steps 0, 100, 200, 300, in f64 (all 20: scripts/check-seed.mjs). */
const PUBLISHED = [2.422624, 2.129232, 1.876095, 1.604213];
const RELATIVE_BOUND = 2e-4;

test('N9 the seed network follows its published losses over the first 300 steps', async (t) => {
  t.timeout(120_000);
  const file = fileURLToPath(new URL('../../configs/seed.yaml', import.meta.url));
  const run = train(loadExperiment(file, { overrides: ['train.steps=301', 'parallel.workers=2'] }), { dry: true });
  const losses: number[] = [];
  for await (const event of run) {
    const loss = event.type === 'metrics' ? event.line['train.loss'] : undefined;
    if (typeof loss === 'number') losses.push(loss);
  }
  await run.result;
  t.is(losses.length, PUBLISHED.length);
  for (const [i, expected] of PUBLISHED.entries()) {
    t.true(Math.abs(losses[i]! - expected) <= RELATIVE_BOUND * expected, `step ${100 * i}: ${losses[i]}, published ${expected}`);
  }
});
