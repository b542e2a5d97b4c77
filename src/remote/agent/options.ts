import type { Outcome } from '../../sweep/execute/executor.ts';

/** Where an agent finds work, and how much of the machine it gives. */
export interface AgentOptions {
  /** `redis://host:6379`, `rediss://user:password@host:6379` */
  queue: string;
  /** As the sweep's: `file:/mnt/runs` or `redis:`. */
  store: string;
  /** Also over a network without encryption. @default false */
  insecure?: boolean | undefined;
  /** @default all that the process may use */
  cores?: number | undefined;
  /** Ends when it has had nothing to do for so long. @default never */
  maxIdleMs?: number | undefined;
  /** Ends after one part of a run. @default false */
  once?: boolean | undefined;
  /** An agent that is silent for so long has lost what it trains to others. */
  lockMs?: number | undefined;
  /** A queue or store that is away for longer ends the agent. */
  patienceMs?: number | undefined;
  /** Parent of the folder that runs are trained in. @default that of the system for temporary files */
  scratch?: string | undefined;
  /** Aborting it saves what is being trained, gives it back, and ends. */
  signal?: AbortSignal | undefined;
  onEvent?: ((event: AgentEvent) => void) | undefined;
}

/** What an agent does, as it does it. */
export type AgentEvent =
  | { type: 'start'; agent: string; cores: number; queue: string; store: string; doubts: readonly string[] }
  | { type: 'begin'; sweep: string; trial: number; rung: number; replicate: number }
  | { type: 'end'; sweep: string; trial: number; rung: number; replicate: number; status: Outcome['status'] | 'lost'; seconds: number }
  | { type: 'notice'; message: string };

/** What an agent has done. */
export interface AgentSummary {
  agent: string;
  /** Why it ended. */
  reason: 'interrupted' | 'idle' | 'once';
  /** Parts of runs that it brought to their end. */
  done: number;
  seconds: number;
  /** Share of the time of its cores in which they had something to do. */
  busy: number;
}
