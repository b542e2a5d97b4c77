import { Channel } from './channel.ts';

/**
 * Something under way: iterate over it for events, await `result` for the outcome; either alone is enough.
 *
 * From its start to its end an iteration misses no event but a `progress` that a newer one overtook, however slow it is. While nobody iterates,
 * the newest 10,000 events wait for whoever does next (the first reader gets the very first event, too), and older ones are forgotten: to await
 * `result` alone takes no memory to speak of.
 */
export interface UnderWay<Event, Result> extends AsyncIterable<Event> {
  readonly result: Promise<Result>;
}

/** Starts work that tells events, of which one of `progress` replaces the one before, and ends with a result. */
export function startWork<Event extends { type: string }, Result>(
  work: (emit: (event: Event) => void) => Promise<Result>,
): UnderWay<Event, Result> {
  const events = new Channel<Event>(['progress']);
  const result = work((event) => events.push(event)).finally(() => events.close());
  // Whoever only iterates must not be killed by a rejection that nobody awaits; `result` still rejects for those who do.
  result.catch(() => undefined);
  return { result, [Symbol.asyncIterator]: () => events[Symbol.asyncIterator]() };
}
