import { GradloomError, printable } from '../../errors.ts';
import type { Fleet } from '../../remote/queue/fleet.ts';
import type { AgentState, QueuedSweep } from '../../remote/queue/options.ts';
import type { QueueRequest } from '../arguments/queue.ts';
import type { Output } from '../terminal/output.ts';

const LAST = ['@last', 'last'];

/** Does something with a queue, and lets go of it. */
export async function withFleet<T>(queue: QueueRequest, action: (fleet: Fleet) => Promise<T>): Promise<T> {
  const { Fleet: FleetClass } = await import('../../remote/queue/fleet.ts');
  const fleet = await FleetClass.open(queue);
  try {
    return await action(fleet);
  } finally {
    await fleet.close();
  }
}

/**
 * The directory of a sweep, by its path or name; where there is none of that name, by what the queue knows.
 *
 * @throws GradloomError E_SWEEP_NOT_FOUND, also for a sweep that is on another machine
 */
export async function locateSweep(word: string, fleet: Fleet | undefined): Promise<string> {
  const { findSweep } = await import('../../sweep/journal/find.ts');
  try {
    return findSweep(word);
  } catch (error) {
    const known = fleet && (await fleet.sweeps.all()).find((sweep) => isMeant(sweep, word));
    if (known === undefined) throw error;
    if (known.host === fleet?.host) return known.directory;
    throw notFound(word, `it is in ${printable(known.directory)} on ${printable(known.host)}`, 'resume it there, where its log is');
  }
}

/** A sweep that a queue knows. @throws GradloomError E_SWEEP_NOT_FOUND */
export async function queuedSweep(fleet: Fleet, word: string): Promise<QueuedSweep> {
  const sweeps = await fleet.sweeps.all();
  const name = word.replace(/[/\\]+$/, '').replace(/^.*[/\\]/, '');
  const matches = LAST.includes(word) ? sweeps.slice(0, 1) : sweeps.filter((sweep) => isMeant(sweep, name));
  const exact = matches.find(({ id }) => id === name) ?? (matches.length === 1 ? matches[0] : undefined);
  if (exact !== undefined) return exact;
  const found = matches.length === 0 ? `no such sweep in ${fleet.shown}` : `${matches.length} sweeps are called so`;
  throw notFound(word, found, `gradloom sweep ls --queue ${fleet.shown}`);
}

function isMeant({ id }: QueuedSweep, word: string): boolean {
  return id === word || id.endsWith(`-${word}`) || id.startsWith(word);
}

function notFound(word: string, message: string, next: string): GradloomError {
  return new GradloomError({ code: 'E_SWEEP_NOT_FOUND', where: printable(word), message, next });
}

/** `sweep ls --queue`. */
export async function listQueued(queue: QueueRequest, output: Output): Promise<number> {
  return withFleet(queue, async (fleet) => {
    const [sweeps, agents] = [await fleet.sweeps.all(), await fleet.look()];
    if (output.json) {
      output.object({ queue: fleet.shown, sweeps, agents });
      return 0;
    }
    const { renderQueued, renderAgents } = await import('../../report/sweep/queued.ts');
    const look = output.look(process.stdout);
    output.answer(renderQueued(sweeps, look));
    output.answer(renderAgents(agents, look));
    return 0;
  });
}

/** `sweep status --queue`. */
export async function showQueued(queue: QueueRequest, word: string, output: Output): Promise<number> {
  return withFleet(queue, async (fleet) => {
    const sweep = await queuedSweep(fleet, word);
    const agents = (await fleet.look()).map((agent) => onlyOf(agent, sweep));
    if (output.json) {
      output.object({ queue: fleet.shown, ...sweep, agents });
      return 0;
    }
    const { renderQueuedSweep } = await import('../../report/sweep/queued.ts');
    output.answer(renderQueuedSweep(sweep, agents, output.look(process.stdout)));
    return 0;
  });
}

/** An agent with what it has of one sweep. */
function onlyOf(agent: AgentState, { id }: QueuedSweep): AgentState {
  return { ...agent, running: agent.running.filter(({ sweep }) => sweep === id) };
}
