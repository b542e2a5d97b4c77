/** Where a queue and its store are. */
export interface FleetOptions {
  /** `redis://host:6379`, `rediss://user:password@host:6379` */
  queue: string;
  /** `file:/mnt/runs` or `redis:` */
  store: string;
  /** Also over a network without encryption. @default false */
  insecure?: boolean | undefined;
  timing?: Partial<FleetTiming> | undefined;
}

/** Milliseconds. */
export interface FleetTiming {
  /** Between two looks at the queue, beside what it tells by itself. */
  lookMs: number;
  /** A server or store that is away for longer ends the session. */
  patienceMs: number;
}

/** A part of a run that an agent has. */
export interface AgentJob {
  job: string;
  sweep: string;
  trial: number;
  /** Where the agent began with it. */
  fromStep: number;
  step: number;
  toStep: number;
  loss?: number | undefined;
  workers: number;
}

/** An agent as it says it is. For people only: nothing is built on it. */
export interface AgentState {
  id: string;
  host: string;
  pid: number;
  cores: number;
  running: AgentJob[];
  /** Parts of runs that it has brought to their end. */
  done: number;
  /** Seconds that it is there, and that its cores had something to do, summed over them. */
  seconds: number;
  busy: number;
}

/** A sweep as its coordinator tells the queue of it: for `sweep ls` and `sweep status`. The log of the sweep is what counts. */
export interface QueuedSweep {
  id: string;
  name: string;
  /** Where it is, and who decides what is tried. */
  host: string;
  directory: string;
  pid: number;
  /** Without a terminal: it ends when it is asked to, for one that has one. */
  isBackground: boolean;
  status: string;
  /** UTC. */
  updated: string;
  store: string;
  ended: number;
  total?: number | undefined;
  running: number;
  queued: number;
  best?: unknown;
  /** Why it stopped, if by an error. */
  error?: string | undefined;
}
