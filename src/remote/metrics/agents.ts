import type { AgentState } from '../queue/options.ts';
import type { Tally } from '../queue/tally.ts';

/** Rates are of so long a time. */
const WINDOW_MS = 15_000;
/** Who vanishes so soon after a sign has said goodbye; who does not is lost, and shown for a while. */
const GOODBYE_MS = 5000;
const SHOWN_MS = 600_000;

/** An agent, with what was seen of it. */
export interface SeenAgent {
  state: AgentState;
  isThere: boolean;
  /** When it last said something new. */
  heardAt: number;
  /** Updates done for this session of the sweep; it never falls. */
  steps: number;
  /** Of the time since `WINDOW_MS` ago. */
  stepsPerSecond: number;
}

interface Known extends SeenAgent {
  marks: { at: number; steps: number }[];
}

/** Follows agents from look to look: what they do in how much time, and when they were last heard of. Milliseconds, of a clock that never jumps. */
export class SeenAgents {
  readonly #agents = new Map<string, Known>();
  readonly #sweep: string;

  constructor(sweep: string) {
    this.#sweep = sweep;
  }

  see(agents: readonly AgentState[], tally: Pick<Tally, 'agents'>, at: number): void {
    const done = new Map(tally.agents.map(({ agent, steps }) => [agent, steps]));
    for (const state of agents) {
      const before = this.#agents.get(state.id);
      const known: Known = before ?? { state, isThere: true, heardAt: at, steps: 0, stepsPerSecond: 0, marks: [] };
      // Its own clock tells whether it has said so anew.
      if (state.seconds !== known.state.seconds) known.heardAt = at;
      [known.state, known.isThere] = [state, true];
      this.#count(known, done.get(state.id) ?? 0, at);
      this.#agents.set(state.id, known);
    }
    const there = new Set(agents.map(({ id }) => id));
    for (const [id, known] of this.#agents) {
      if (there.has(id)) continue;
      const hasSaidGoodbye = known.isThere && at - known.heardAt < GOODBYE_MS;
      if (hasSaidGoodbye || at - known.heardAt > SHOWN_MS) this.#agents.delete(id);
      [known.isThere, known.stepsPerSecond] = [false, 0];
    }
  }

  all(): readonly SeenAgent[] {
    return [...this.#agents.values()];
  }

  /** @param done  steps of the parts that it has brought to their end */
  #count(known: Known, done: number, at: number): void {
    const own = known.state.running.filter(({ sweep }) => sweep === this.#sweep);
    const underway = own.reduce((sum, { step, fromStep }) => sum + Math.max(0, step - fromStep), 0);
    known.steps = Math.max(known.steps, done + underway);
    known.marks.push({ at, steps: known.steps });
    while (known.marks.length > 2 && at - (known.marks[1]?.at ?? at) >= WINDOW_MS) known.marks.shift();
    const [first] = known.marks;
    known.stepsPerSecond = first === undefined || at <= first.at ? 0 : ((known.steps - first.steps) / (at - first.at)) * 1000;
  }
}
