import type { Executor, Outcome, TrialWork } from '../../src/sweep/execute/executor.ts';
import { lossOf } from './sweep.ts';

/** Numbers of the simulation that are measured elsewhere, or chosen. */
export interface FleetModel {
  agents: number;
  /** Of an epoch of training, on an agent. */
  epochSeconds: number;
  /** From the coordinator to an agent and back, by the queue. */
  transitSeconds: number;
  /** Of the coordinator's processor, for a job's way through the queue. */
  queueSeconds: number;
}

interface Event {
  at: number;
  deliver: () => void;
}

/**
 * Agents in virtual time around a coordinator that is real: its processor time is measured, result by result, and is the time that
 * passes for it. An agent takes a work when the coordinator has handed it out, and its result waits until the coordinator has time.
 */
export class VirtualAgents implements Executor {
  readonly cores: number;
  readonly sideBySide: number;
  readonly where = 'in virtual time';
  /** When the coordinator is done with all that it knows of. */
  now = 0;
  /** Of the coordinator. */
  busySeconds = 0;
  /** Summed over the agents. */
  trainedSeconds = 0;
  works = 0;
  readonly #model: FleetModel;
  /** A heap: the earliest first. */
  readonly #events: Event[] = [];
  #isPumping = false;
  #used = process.cpuUsage();

  constructor(model: FleetModel) {
    this.#model = model;
    this.cores = model.agents;
    this.sideBySide = model.agents;
  }

  async run(work: TrialWork): Promise<Outcome> {
    const { epochSeconds, transitSeconds, queueSeconds } = this.#model;
    this.#serve(queueSeconds);
    const before = work.isLast && work.rung === 0 ? 0 : Math.floor(work.resource / 3);
    const epochs = work.unit === undefined ? 9 : work.resource - before;
    // No two trials are equally long.
    const seconds = epochs * epochSeconds * (0.75 + 0.5 * ((work.trial * 0.6180339887) % 1));
    this.trainedSeconds += seconds;
    this.works++;
    await new Promise<void>((deliver) => this.#push({ at: this.now + transitSeconds + seconds, deliver }));
    const curve = Array.from({ length: epochs + before }, (_, i) => {
      const value = lossOf(work.assignment ?? {}, i + 1);
      return value === undefined ? [] : [{ step: 25 * (i + 1), epoch: i + 1, value }];
    }).flat();
    const result = { steps: 25 * curve.length, curve, digest: '0'.repeat(64), seconds: Math.round(1000 * seconds) / 1000 };
    return curve.length === 0
      ? { status: 'diverged', ...result, fault: { code: 'E_DIVERGED', message: 'the loss is not finite at step 17' } }
      : { status: 'reached', ...result };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Time passes for the coordinator. */
  #serve(seconds: number): void {
    this.now += seconds;
    this.busySeconds += seconds;
  }

  #push(event: Event): void {
    const events = this.#events;
    let i = events.push(event) - 1;
    for (let up = (i - 1) >> 1; i > 0 && (events[up] as Event).at > event.at; up = (i - 1) >> 1) {
      events[i] = events[up] as Event;
      i = up;
    }
    events[i] = event;
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => this.#pump(0));
  }

  #pop(): Event | undefined {
    const events = this.#events;
    const [first] = events;
    const last = events.pop();
    if (last === undefined || events.length === 0) return first;
    let i = 0;
    for (let down = 1; down < events.length; down = 2 * i + 1) {
      if (down + 1 < events.length && (events[down + 1] as Event).at < (events[down] as Event).at) down++;
      if ((events[down] as Event).at >= last.at) break;
      events[i] = events[down] as Event;
      i = down;
    }
    events[i] = last;
    return first;
  }

  /** Once the coordinator has come to rest after the result before: its crew looks for work one turn later. */
  #pump(turns: number): void {
    if (turns < 2) {
      setImmediate(() => this.#pump(turns + 1));
      return;
    }
    const { user, system } = process.cpuUsage(this.#used);
    this.#used = process.cpuUsage();
    this.#serve((user + system) / 1e6);
    const event = this.#pop();
    if (event === undefined) {
      this.#isPumping = false;
      return;
    }
    this.now = Math.max(this.now, event.at);
    event.deliver();
    setImmediate(() => this.#pump(0));
  }
}
