import { printable } from '../../errors.ts';
import type { Tally } from '../../remote/queue/tally.ts';
import { formatCount, formatCounted, formatPercent, formatSeconds } from '../text/numbers.ts';

/** What agents did in a session, a line each, and what of it was lost and done again. */
export function renderTally({ agents, lost, wastedSteps }: Pick<Tally, 'agents' | 'lost' | 'wastedSteps'>, seconds: number): string[] {
  if (agents.length === 0) return [];
  const lines = agents.map(({ agent, parts, seconds: own, busy }) => {
    const share = busy === undefined ? '' : `, cores busy ${formatPercent(busy, 0)}`;
    return `agent   ${printable(agent)}: ${formatCounted(parts, 'part')} of runs, ${formatSeconds(own)} of training${share}`;
  });
  const all = agents.reduce((sum, agent) => sum + agent.seconds, 0);
  lines.push(`agents  ${formatCount(agents.length)}, ${formatSeconds(all)} of training in ${formatSeconds(seconds)}`);
  if (lost > 0) lines.push(`lost    ${formatCounted(lost, 'agent')} while training; ${formatCounted(wastedSteps, 'step')} done again`);
  return lines;
}
