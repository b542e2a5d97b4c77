import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { experimentFromObject } from '../src/config/load.ts';
import type { Dataset } from '../src/data/dataset.ts';
import { loadDataset } from '../src/data/load.ts';
import { Engine } from '../src/engine/coordinator/engine.ts';
import { planEngine } from '../src/engine/plan/plan.ts';
import { Peers } from '../src/engine/rank/peers.ts';
import { ALONE } from '../src/engine/team/team.ts';
import { bindKernels } from '../src/kernels/bind.ts';
import { compileKernels } from '../src/kernels/module.ts';
import { reserveMemory } from '../src/machine/refusal.ts';
import { initialState } from '../src/model/initializers.ts';
import { launched } from '../src/remote/mpi/launched.ts';
import { openLink } from '../src/remote/mpi/link.ts';
import { MpiTeam } from '../src/remote/mpi/team.ts';
import { median } from '../src/speedup/statistics.ts';
import { estimate, estimateRatio } from './rounds.ts';
import { dense, experimentOf, WORKLOADS, type Workload } from './workloads.ts';

// What two ranks of one machine cost: `node dist/bench/mpi.js [mpirun.openmpi] [rounds]`. The exact sum of gradients over them, with the
// engine's own code; then whole steps of one rank with two threads and of two ranks with one each, in turn, so that their ratio does not
// depend on what else the machine does.
const LAUNCHER = process.argv[2] ?? 'mpirun.openmpi';
const ROUNDS = Number(process.argv[3] ?? 9);
const RANKS = 2;
/** Flags of Open MPI that tests and `--hosts` use too. */
const OPEN_MPI = ['--bind-to', 'none', '--mca', 'mpi_yield_when_idle', '1'];
/** A dense layer of so many inputs and units has as many parameters as asked for. */
const GRADIENTS = [
  { inputs: 396, units: 90 },
  { inputs: 999, units: 100 },
  { inputs: 999, units: 1000 },
];
const REPEATS = 200;
const SMALL: Workload = { name: '[784,45,10] b64', layers: [dense(45), dense(10)], batch: 64, steps: 400 };

const start = launched(process.env);
if (start === undefined) await launch();
else {
  const team = await MpiTeam.join(start);
  const say = (line: string): void => {
    if (team.member === 0) console.log(line);
  };
  say(`${team.version}, ${RANKS} ranks on one machine, ${ROUNDS} rounds`);
  for (const { inputs, units } of GRADIENTS) await sumGradients(team, inputs, units, say);
  for (const workload of [SMALL, ...WORKLOADS.slice(0, 3)]) await steps(team, workload, say);
  await team.gather(new Uint8Array());
  team.leave();
}

async function launch(): Promise<void> {
  const args = LAUNCHER.includes('mpich') ? [] : OPEN_MPI;
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };
  const program = [process.execPath, fileURLToPath(import.meta.url), LAUNCHER, String(ROUNDS)];
  const child = spawn(LAUNCHER, [...args, '-np', String(RANKS), ...program], { env, stdio: 'inherit' });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** All that goes over the link after a batch: losses, and the gradient by Alltoall, the tree, Allgather. */
async function sumGradients(team: MpiTeam, inputs: number, units: number, say: (line: string) => void): Promise<void> {
  const { experiment } = experimentFromObject({
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 64, features: inputs, classes: units } },
    model: { layers: [{ type: 'dense', units }] },
    train: { steps: 1, batch_size: 16 },
  });
  const plan = planEngine(experiment, await loadDataset(experiment), 1, 50, team);
  const memory = reserveMemory(plan.memory);
  const peers = new Peers(plan, memory, bindKernels(compileKernels(), memory), openLink(team.link));
  const rounds: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    await team.gather(new Uint8Array());
    const times: number[] = [];
    for (let i = 0; i < REPEATS; i++) {
      const started = performance.now();
      peers.shareBatch([], false, false);
      times.push(1000 * (performance.now() - started));
    }
    if (round > 0) rounds.push(median(times));
  }
  const { value, low, high } = estimate(rounds);
  const least = Math.min(...rounds).toFixed(0);
  say(
    `exact sum of ${inputs * units + units} floats: ${value.toFixed(0)} us (${low.toFixed(0)} to ${high.toFixed(0)}), in the quietest round ${least}`,
  );
}

/** Whole steps of rank 0 alone with as many threads as there are ranks, then of all ranks with one each. */
async function steps(team: MpiTeam, workload: Workload, say: (line: string) => void): Promise<void> {
  const experiment = experimentOf(workload);
  const dataset = await loadDataset(experiment);
  const initialOf = (plan: ReturnType<typeof planEngine>) => initialState(plan.network, experiment.model, experiment.seed);
  const alone = team.member === 0 ? await startEngine(dataset, planEngine(experiment, dataset, RANKS, undefined, ALONE)) : undefined;
  const together = await startEngine(dataset, planEngine(experiment, dataset, 1, undefined, team), team);
  const times: { alone: number[]; together: number[] } = { alone: [], together: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    // The other rank sleeps meanwhile.
    const one = await alone?.(round);
    await team.gather(new Uint8Array());
    const both = await together(round);
    if (round === 0) continue;
    times.alone.push(one ?? Number.NaN);
    times.together.push(both);
  }
  await alone?.(undefined);
  await together(undefined);
  const [a, b, ratio] = [estimate(times.alone), estimate(times.together), estimateRatio(times.together, times.alone)];
  say(
    `step of ${workload.name}: 1 rank of 2 threads ${a.value.toFixed(0)} us, 2 ranks of 1 thread ${b.value.toFixed(0)} us, ` +
      `ratio ${ratio.value.toFixed(2)} (${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)})`,
  );

  /** @returns runs a block of steps, and gives the microseconds of one; without a round it ends the threads */
  async function startEngine(data: Dataset, plan: ReturnType<typeof planEngine>, members?: MpiTeam) {
    const engine = await Engine.start(plan, data, initialOf(plan), members === undefined ? {} : { team: members });
    return async (round: number | undefined): Promise<number> => {
      if (round === undefined) {
        await engine.close();
        return 0;
      }
      const started = performance.now();
      await engine.train(round * workload.steps, (round + 1) * workload.steps);
      return (1000 * (performance.now() - started)) / workload.steps;
    };
  }
}
