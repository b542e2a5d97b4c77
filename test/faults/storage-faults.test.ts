import test from 'ava';
import { FaultBench, slice } from './support/fault-bench.ts';

const SEED = Math.floor(Math.random() * 2 ** 31);
/** A part of what scripts/fuzz-storage.mjs does in full. */
const CASES = 8;
/** The quickest to start, of those that write the most. */
const SCENARIOS = ['train', 'resume', 'sweep'];

async function makeBench(): Promise<FaultBench | undefined> {
  try {
    return await FaultBench.make();
  } catch (error) {
    if (process.platform === 'linux' && process.env['CI'] !== undefined) throw error;
    return undefined;
  }
}

const bench = await makeBench();
test.after.always(() => bench?.dispose());

const withBench = bench === undefined ? test.skip : test;
withBench(`S1 ${CASES} faults and kills at random file calls lose nothing, with the right exit code (seed ${SEED})`, async (t) => {
  t.timeout(300_000);
  const cases = slice(await bench!.cases(SCENARIOS), CASES, SEED);
  t.is(cases.length, CASES);
  for (const fault of cases) t.is(await bench!.check(fault), undefined, JSON.stringify(fault));
});

withBench('S2 a sweep on a full disk ends with 74, and with space again resume gives the undisturbed table (root)', async (t) => {
  t.timeout(300_000);
  // Some trials fit, not all.
  const full = await bench!.checkFull(120);
  if (full === undefined) t.log('not checked: this process may not mount');
  else t.deepEqual(full, { code: 74, problem: undefined });
});
