import test from 'ava';
import { killedSweep } from '../support/kill-case.ts';

const SEED = Number(process.env['GRADLOOM_TEST_SEED'] ?? 20261126);
const KILLS = 25;

test.serial(
  `V1 ${KILLS} SIGKILLs at random moments change nothing of a sweep's table (seed ${SEED}; more: scripts/kill-sweep.mjs)`,
  async (t) => {
    t.timeout(300_000);
    let kills = 0;
    for (let seed = SEED; kills < KILLS; seed++) {
      const killed = await killedSweep(seed, KILLS - kills);
      t.deepEqual(killed.problems, [], `seed ${seed}`);
      kills += killed.kills;
    }
  },
);
