import { printable } from '../../errors.ts';
import type { AgentState, QueuedSweep } from '../../remote/queue/options.ts';
import { formatCount, formatCounted, formatLoss, formatPercent, formatSeconds } from '../text/numbers.ts';
import { renderTable, type TableLook } from '../text/table.ts';

/** The sweeps that a queue knows, a line each. */
export function renderQueued(sweeps: readonly QueuedSweep[], look: TableLook): string {
  if (sweeps.length === 0) return 'no sweeps';
  const rows = sweeps.map(({ id, status, ended, total, running, queued, host, directory, updated }) => [
    id,
    status,
    total === undefined ? formatCount(ended) : `${formatCount(ended)}/${formatCount(total)}`,
    formatCount(running),
    formatCount(queued),
    updated.replace('T', ' ').slice(0, 19),
    `${host}:${directory}`,
  ]);
  const head = ['sweep', 'status', 'trials', 'running', 'queued', 'updated (UTC)', 'where'];
  return renderTable({ head, rows, align: ['left', 'left', 'right', 'right', 'right', 'left', 'left'] }, look);
}

/** The agents that are there, a line each. */
export function renderAgents(agents: readonly AgentState[], look: TableLook): string {
  if (agents.length === 0) return 'no agents';
  const rows = agents.map(({ id, cores, running, done, seconds, busy }) => [
    id,
    formatCount(cores),
    formatCount(running.length),
    formatCount(done),
    formatSeconds(seconds),
    formatPercent(Math.min(1, busy / Math.max(0.001, cores * seconds)), 0),
  ]);
  const head = ['agent', 'cores', 'running', 'done', 'for', 'busy'];
  return renderTable({ head, rows, align: ['left', 'right', 'right', 'right', 'right', 'right'] }, look);
}

/** One of them, with the agents and what they train of it. */
export function renderQueuedSweep(sweep: QueuedSweep, agents: readonly AgentState[], look: TableLook): string {
  const { id, status, ended, total, running, queued, host, directory, pid, isBackground, store, error } = sweep;
  const count = total === undefined ? formatCounted(ended, 'trial') : `${formatCount(ended)}/${formatCount(total)} trials`;
  const lines = [
    `sweep   ${printable(id)}: ${printable(status)}, ${count}, ${formatCount(running)} running, ${formatCount(queued)} queued`,
    `where   ${printable(host)}:${printable(directory, 300)}, process ${pid}${isBackground ? ' in the background' : ''}; store ${printable(store)}`,
    ...(error === undefined ? [] : [`error   ${printable(error, 500)}`]),
  ];
  const jobs = agents.flatMap((agent) => agent.running.map((job) => ({ agent, job })));
  if (jobs.length === 0) return [...lines, `agents  ${agents.length}, none of which trains it`].join('\n');
  const rows = jobs.map(({ agent, job: { trial, step, toStep, loss, workers } }) => [
    formatCount(trial),
    agent.id,
    `${formatCount(step)}/${formatCount(toStep)}`,
    loss === undefined ? '' : formatLoss(loss),
    formatCount(workers),
  ]);
  const table = { head: ['trial', 'agent', 'step', 'loss', 'workers'], rows, align: ['right', 'left', 'right', 'right', 'right'] as const };
  return [...lines, renderTable(table, look)].join('\n');
}
