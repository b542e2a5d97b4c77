import type { RunningTrial, SweepEvent, SweepProgress } from '../../sweep/session/events.ts';
import { readSweep } from '../../sweep/session/read.ts';
import type { TrialStatus } from '../../sweep/trial.ts';
import type { AgentState } from '../queue/options.ts';
import { sweepIdOf } from '../queue/protocol.ts';
import type { Tally } from '../queue/tally.ts';
import { SeenAgents } from './agents.ts';
import { expose, type Metric, type Series } from './exposition.ts';

/** States that a trial stays in. */
const ENDS = ['finished', 'pruned', 'diverged', 'failed', 'duplicate'] as const satisfies readonly TrialStatus[];

/** What a session of a sweep in a queue tells Prometheus: trials, agents, and what was lost. */
export class SweepMetrics {
  readonly #statuses = new Map<number, TrialStatus>();
  #agents = new SeenAgents('');
  #about: { sweep: string; name: string; metric: string } | undefined;
  #total: number | undefined;
  #best: number | undefined;
  #progress: SweepProgress | undefined;
  #retries = 0;

  hear(event: SweepEvent): void {
    switch (event.type) {
      case 'start':
        this.#about = { sweep: sweepIdOf(event.id), name: event.name, metric: event.metric.name };
        this.#agents = new SeenAgents(this.#about.sweep);
        this.#total = event.total;
        if (event.isResumed) this.#takeUp(event.directory);
        return;
      case 'progress':
        this.#progress = event;
        return;
      case 'warning':
        if (event.code === 'W_RETRY') this.#retries++;
        return;
      case 'best':
        this.#best = event.trial.value ?? undefined;
        break;
    }
    if ('trial' in event && typeof event.trial === 'object') this.#statuses.set(event.trial.number, event.trial.status);
  }

  see(agents: readonly AgentState[], tally: Tally, at = performance.now()): void {
    this.#agents.see(agents, tally, at);
  }

  /** @param isThere  the queue answers @returns Prometheus' text format */
  text(tally: Tally | undefined, isThere: boolean, at = performance.now()): string {
    return expose([...this.#sweepMetrics(), ...this.#agentMetrics(tally, at), ...lostMetrics(tally, this.#retries), up(isThere)]);
  }

  /** What sessions before have come to. */
  #takeUp(directory: string): void {
    const { trials, best } = readSweep(directory);
    for (const { number, status, value } of trials) {
      this.#statuses.set(number, status);
      if (number === best) this.#best = value ?? undefined;
    }
  }

  #sweepMetrics(): Metric[] {
    const { running = [], queued = 0, seconds, secondsLeft } = this.#progress ?? {};
    const statuses = [...this.#statuses.values()];
    const states = [
      { state: 'running', value: trialsOf(running) },
      { state: 'queued', value: queued },
      ...ENDS.map((state) => ({ state, value: statuses.filter((status) => status === state).length })),
    ];
    return [
      gauge('sweep_info', 'The sweep that this process decides for.', this.#about === undefined ? [] : [{ labels: this.#about, value: 1 }]),
      gauge(
        'trials',
        'Trials by state; queued are parts of runs that nobody trains yet.',
        states.map(({ state, value }) => ({ labels: { state }, value })),
      ),
      gauge('trials_planned', 'Trials that the sweep is to have in all.', one(this.#total)),
      gauge('best_value', "Best value of the sweep's metric so far.", one(this.#best)),
      gauge('session_seconds', 'Seconds of this session.', one(seconds)),
      gauge('sweep_left_seconds', 'Seconds that the sweep may still take.', one(secondsLeft)),
    ];
  }

  #agentMetrics(tally: Tally | undefined, at: number): Metric[] {
    const agents = this.#agents.all();
    const there = agents.filter(({ isThere }) => isThere);
    const each = (of: typeof agents, value: (agent: (typeof agents)[number]) => number): Series[] =>
      of.map((agent) => ({ labels: { agent: agent.state.id }, value: value(agent) }));
    const parts = (tally?.agents ?? []).map(({ agent, parts: value }) => ({ labels: { agent }, value }));
    return [
      gauge('agents', 'Agents that are there.', [{ value: there.length }]),
      gauge(
        'agent_cores',
        'Cores that an agent uses.',
        each(there, ({ state }) => state.cores),
      ),
      gauge(
        'agent_running',
        'Parts of runs that an agent has, of all sweeps.',
        each(there, ({ state }) => state.running.length),
      ),
      gauge(
        'agent_busy_ratio',
        'Share of the time of its cores, since its start, in which they had something to do.',
        each(there, ({ state: { busy, cores, seconds } }) => Math.min(1, busy / Math.max(0.001, cores * seconds))),
      ),
      counter('agent_parts_total', 'Parts of runs that an agent has brought to their end for this session.', parts),
      counter(
        'agent_steps_total',
        'Updates that an agent has done for this session.',
        each(agents, ({ steps }) => steps),
      ),
      gauge(
        'agent_steps_per_second',
        'Updates a second for this session, over the last quarter of a minute.',
        each(agents, ({ stepsPerSecond }) => stepsPerSecond),
      ),
      gauge(
        'agent_last_sign_seconds',
        'Seconds since an agent last said that it is there; of one that is lost for ten minutes more.',
        each(agents, ({ heardAt }) => Math.max(0, at - heardAt) / 1000),
      ),
    ];
  }
}

function lostMetrics(tally: Tally | undefined, retries: number): Metric[] {
  return [
    counter('agents_lost_total', 'Agents that were lost while they trained.', [{ value: tally?.lost ?? 0 }]),
    counter('steps_repeated_total', 'Updates that were done again since an agent was lost.', [{ value: tally?.wastedSteps ?? 0 }]),
    counter('trial_retries_total', 'Attempts at a part of a run that failed and were tried again.', [{ value: retries }]),
  ];
}

function up(isThere: boolean): Metric {
  return gauge('queue_up', 'Whether the queue answers.', [{ value: isThere ? 1 : 0 }]);
}

function trialsOf(running: readonly RunningTrial[]): number {
  return new Set(running.map(({ trial }) => trial)).size;
}

function one(value: number | undefined): Series[] {
  return value === undefined ? [] : [{ value }];
}

function gauge(name: string, help: string, series: readonly Series[]): Metric {
  return { name: `gradloom_${name}`, type: 'gauge', help, series };
}

function counter(name: string, help: string, series: readonly Series[]): Metric {
  return { name: `gradloom_${name}`, type: 'counter', help, series };
}
