import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Revisions } from '../protocol.ts';
import { refuse } from './guard.ts';

/** Looks for what has changed, and what keeps a connection from being taken for dead. */
const LOOK_MS = 500;
/** While something changes all the time, as a training at work: what a page takes must not be missed there. */
const LOOK_AT_WORK_MS = 4000;
const SLOWER = 1.5;
const ALIVE_MS = 15_000;
/** Pages that are told at once. */
const MOST_STREAMS = 24;
/** Topics of a page: the runs that it compares, and a few. */
const MOST_TOPICS = 64;

/** Tells pages what has changed; they ask for what they show. */
export class Changes {
  readonly #revisionsOf: (topics: readonly string[]) => Promise<Revisions>;
  #streams = 0;

  /** @param revisionsOf  looks at the files and says how the topics are now */
  constructor(revisionsOf: (topics: readonly string[]) => Promise<Revisions>) {
    this.#revisionsOf = revisionsOf;
  }

  /** Server-sent events: one with all topics at the beginning, then one with those that changed. */
  stream(c: Context): Response {
    // The stream of an answer without a body would never end.
    if (c.req.raw.method !== 'GET') return refuse(c, 405, 'E_METHOD', 'expected GET');
    if (this.#streams >= MOST_STREAMS) return refuse(c, 503, 'E_BUSY', `${MOST_STREAMS} pages are open; close one`);
    const topics = (c.req.queries('topic') ?? []).slice(0, MOST_TOPICS);
    return streamSSE(c, async (stream) => {
      this.#streams++;
      // What is written to somebody who reads no more is never through.
      const left = new Promise<void>((resolve) => stream.onAbort(resolve));
      let told: Revisions = {};
      let pause = LOOK_MS;
      let toldAt = performance.now();
      try {
        while (!stream.aborted) {
          const now = await this.#revisionsOf(topics);
          const changed = Object.fromEntries(Object.entries(now).filter(([topic, revision]) => told[topic] !== revision));
          told = now;
          if (Object.keys(changed).length > 0)
            await Promise.race([left, stream.writeSSE({ event: 'change', data: JSON.stringify(changed) })]);
          else if (performance.now() - toldAt > ALIVE_MS) await Promise.race([left, stream.write(': alive\n\n')]);
          else {
            pause = LOOK_MS;
            await stream.sleep(pause);
            continue;
          }
          toldAt = performance.now();
          await stream.sleep(pause);
          pause = Math.min(LOOK_AT_WORK_MS, pause * SLOWER);
        }
      } finally {
        this.#streams--;
      }
    });
  }
}
