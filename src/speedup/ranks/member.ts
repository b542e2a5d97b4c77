import { createInterface } from 'node:readline';
import type { Experiment } from '../../config/schema/schema.ts';
import { planEngine } from '../../engine/plan/plan.ts';
import { ALONE, type Link, type Team, TeamLost } from '../../engine/team/team.ts';
import { countCores } from '../../machine/cores.ts';
import { initialState } from '../../model/initializers.ts';
import { openLink } from '../../remote/mpi/link.ts';
import { readRunWeights } from '../../runs/prepare/initial.ts';
import { chooseWorkers, prepare } from '../../runs/prepare/prepare.ts';
import { agree } from '../../runs/team/agree.ts';
import { compareMembers } from '../../runs/team/facts.ts';
import { RowRunner } from '../measurement/runner.ts';
import type { Answers, LinkCosts, Ready, Request } from './protocol.ts';

/** Enough for one that nothing held up. */
const LATENCIES = 200;
const TRANSFERS = 15;
/** Beyond what a message costs by itself. */
const TRANSFER_BYTES = 2 ** 22;
const SMALL_BYTES = 64;

/**
 * Does what a comparison asks of ranks, as one of them, until it asks for the end or has gone.
 *
 * @param team      undefined for a process by itself
 * @param requests  of the first rank: lines of JSON
 * @param answer    prints one
 * @throws GradloomError as a training's start does
 */
export async function serveMember(
  experiment: Experiment,
  team: Team | undefined,
  requests: NodeJS.ReadableStream,
  answer: (value: Ready | Answers[keyof Answers]) => void,
): Promise<void> {
  const prepared = await prepare(experiment, undefined, experiment.parallel.workers, undefined, team);
  if (team !== undefined) await compareMembers(team, experiment, prepared);
  const { dataset } = prepared;
  const threads = chooseWorkers(experiment.parallel.workers, experiment, countCores(), team);
  const plan = planEngine(experiment, dataset, threads, experiment.parallel.spin_us, team ?? ALONE);
  const initial = initialState(plan.network, experiment.model, experiment.seed, readRunWeights);
  const runner = await RowRunner.start(plan, dataset, initial, 'workers', { team });
  const isFirst = team === undefined || team.member === 0;
  try {
    const hosts = [...new Set(team?.hosts)];
    if (isFirst) answer({ library: team?.version ?? null, hosts, threads, oversubscribed: threads > plan.cores });
    const lines = isFirst ? createInterface({ input: requests })[Symbol.asyncIterator]() : undefined;
    for (;;) {
      const own = (await lines?.next())?.value as string | undefined;
      const end: Request = { kind: 'end' };
      const asked = own === undefined ? end : (JSON.parse(own) as Request);
      const [request = end] = team === undefined ? [asked] : await agree(team, asked);
      if (request.kind === 'end') return;
      const value = request.kind === 'repeat' ? await runner.repeat(request.steps) : probeLink(team);
      if (isFirst) answer(value);
    }
  } finally {
    await runner.close();
  }
}

/** Latency and bandwidth between the ranks, while their threads wait for the next task. */
function probeLink(team: Team | undefined): LinkCosts | null {
  if (team === undefined || team.members === 1) return null;
  const link = openLink(team.link);
  const idle = (waitedMs: number): void => {
    if (waitedMs > team.patienceMs) throw new TeamLost('the other ranks did not come');
  };
  const small = secondsOf(link, SMALL_BYTES * team.members, LATENCIES, idle);
  const large = secondsOf(link, TRANSFER_BYTES * team.members, TRANSFERS, idle);
  return { latencySeconds: small, bytesPerSecond: ((team.members - 1) * TRANSFER_BYTES) / Math.max(large - small, Number.EPSILON) };
}

/** The least of gathering so many bytes: other programs only make it longer. */
function secondsOf(link: Link, bytes: number, times: number, idle: (waitedMs: number) => void): number {
  const all = new Uint8Array(new SharedArrayBuffer(bytes));
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const started = performance.now();
    link.allGather(all);
    link.finish(idle);
    least = Math.min(least, (performance.now() - started) / 1000);
  }
  return least;
}
