import { chaoticSweep } from '../support/chaos.ts';
import { redisTest } from '../support/redis-test.ts';

const SEED = Number(process.env['GRADLOOM_TEST_SEED'] ?? 20261129);
const FAULTS = 10;

redisTest(
  `V8 ${FAULTS} random faults of agents, coordinator, queue and store change no table (seed ${SEED}; more: scripts/fuzz-queue.mjs)`,
  async (t) => {
    t.timeout(300_000);
    const { faults, problems } = await chaoticSweep(t, SEED, { trials: 6, faults: FAULTS });
    t.log(faults);
    t.deepEqual(problems, []);
  },
);
