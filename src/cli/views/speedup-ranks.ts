import type { Experiment } from '../../config/schema/schema.ts';
import type { Team } from '../../engine/team/team.ts';
import { GradloomError, printable } from '../../errors.ts';
import { launched } from '../../remote/mpi/launched.ts';
import type { SpeedupSettings } from '../../speedup/schema.ts';
import type { SpeedupRun } from '../../speedup/speedup.ts';
import type { Arguments } from '../arguments/command.ts';
import { MAIN } from '../terminal/launcher.ts';
import type { Output } from '../terminal/output.ts';
import { inTeam } from './team.ts';

/** As it was asked for. */
export interface RanksRequest {
  ranks: string;
  hosts?: string;
}

/** Options of a comparison of cores. */
const OF_CORES = ['workers', 'mode', 'batch-sizes', 'baselines', 'time-to'] as const;
const MAX_RANKS = 4096;

/** @throws GradloomError E_USAGE where options do not go together */
export function ranksOf(args: Arguments): RanksRequest | undefined {
  const [ranks, hosts] = [args.text('ranks'), args.text('hosts')];
  if (ranks === undefined) {
    if (hosts !== undefined) throw args.error('--hosts is of --ranks: give both');
    return undefined;
  }
  const other = OF_CORES.find((name) => args.text(name) !== undefined);
  if (other !== undefined) {
    const next = other === 'workers' ? '; the threads in each rank are parallel.workers=N' : '';
    throw args.error(`--${other} is for a comparison of cores, --ranks one of ranks: give one of the two${next}`);
  }
  return { ranks, ...(hosts !== undefined && { hosts }) };
}

/** This process is one of those that a comparison has started. */
export function isMember(): boolean {
  return process.env['GRADLOOM_SPEEDUP_MEMBER'] === '1';
}

/** Starts the comparison. @throws GradloomError E_USAGE for no list of ranks or hosts, or more ranks than places */
export async function runRanks(
  experiment: Experiment,
  settings: SpeedupSettings,
  {
    file,
    overrides,
    ranks: { ranks: text, hosts: given } = { ranks: '' },
  }: { file: string; overrides: readonly string[]; ranks?: RanksRequest },
  signal: AbortSignal,
): Promise<SpeedupRun> {
  const [{ parseCounts }, { parseHosts }, { measureRanks }, { startWork }] = await Promise.all([
    import('../../speedup/schema.ts'),
    import('../../remote/mpi/hosts.ts'),
    import('../../speedup/ranks/measure.ts'),
    import('../../runs/training/under-way.ts'),
  ]);
  const ranks = parseCounts(text, MAX_RANKS);
  if (ranks === undefined) {
    const message = `--ranks: expected numbers from 1 to ${MAX_RANKS}, such as 1,2,4 or 1..4; got ${printable(text) || 'nothing'}`;
    throw new GradloomError({ code: 'E_USAGE', message });
  }
  const most = Math.max(...ranks);
  const hosts = given === undefined ? [{ name: 'localhost', ranks: most }] : parseHosts(given);
  const places = hosts.reduce((sum, host) => sum + host.ranks, 0);
  if (places < most) {
    const message = `--ranks: ${most} ranks, but --hosts has places for ${places}`;
    throw new GradloomError({ code: 'E_USAGE', message, next: `give ${most} places, such as --hosts a:${most}` });
  }
  const command = [process.execPath, MAIN, 'speedup', file, ...overrides];
  return startWork((emit) => measureRanks(experiment, settings, { ranks, hosts, command, signal }, emit));
}

/** Is one of the ranks. */
export async function serveRanks(file: string, overrides: readonly string[], output: Output): Promise<number> {
  const [{ loadSpeedup }, { serveMember }] = await Promise.all([import('../../speedup/load.ts'), import('../../speedup/ranks/member.ts')]);
  const serve = async (team: Team | undefined): Promise<number> => {
    const { loaded } = loadSpeedup(file, overrides);
    await serveMember(loaded.experiment, team, process.stdin, (value) => output.answer(JSON.stringify(value)));
    if (team !== undefined) team.phase = 'over';
    return 0;
  };
  return launched(process.env) === undefined ? serve(undefined) : inTeam(output, serve);
}
