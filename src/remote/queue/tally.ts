import type { AgentState } from './options.ts';
import type { JobResult } from './protocol.ts';

/** What one agent has done for a session of a sweep. */
export interface AgentTally {
  agent: string;
  /** Parts of runs, from rung to rung. */
  parts: number;
  /** That it was at them. */
  seconds: number;
  /** Updates that it did for them. */
  steps: number;
  /** Share of the time of its cores, since it was first seen, in which they had something to do; undefined if it was never seen. */
  busy: number | undefined;
}

/** Counts for people what agents do, and what of it was done twice. */
export class Tally {
  readonly #agents = new Map<string, AgentTally>();
  /** By job: how far it was, and with whom. */
  readonly #furthest = new Map<string, { agent: string; step: number }>();
  /** Agents that were lost with a job. */
  lost = 0;
  /** Steps that were done again, as far as they were seen. */
  wastedSteps = 0;

  get agents(): AgentTally[] {
    return [...this.#agents.values()].toSorted((a, b) => b.parts - a.parts || (a.agent < b.agent ? -1 : 1));
  }

  add(job: string, { agent, seconds, steps, lost }: JobResult): void {
    const known = this.#of(agent);
    known.parts++;
    known.seconds += seconds;
    known.steps += steps;
    this.lost += lost;
    this.#furthest.delete(job);
  }

  see(agents: readonly AgentState[], sweep: string): void {
    for (const { id, running, cores, seconds, busy } of agents) {
      const own = running.filter((one) => one.sweep === sweep);
      if (own.length > 0 || this.#agents.has(id)) this.#of(id).busy = Math.min(1, busy / Math.max(0.001, cores * seconds));
      for (const { job, step, fromStep } of own) {
        const before = this.#furthest.get(job);
        if (before !== undefined && before.agent !== id) this.wastedSteps += Math.max(0, before.step - fromStep);
        this.#furthest.set(job, { agent: id, step: Math.max(step, before?.agent === id ? before.step : 0) });
      }
    }
  }

  #of(agent: string): AgentTally {
    const known = this.#agents.get(agent) ?? { agent, parts: 0, seconds: 0, steps: 0, busy: undefined };
    this.#agents.set(agent, known);
    return known;
  }
}
