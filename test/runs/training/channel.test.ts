import test from 'ava';
import { Channel } from '../../../src/runs/training/channel.ts';

type Event = { type: 'progress'; step: number } | { type: 'metrics'; step: number } | { type: 'end' };

const channel = (): Channel<Event> => new Channel<Event>(['progress']);
const progress = (step: number): Event => ({ type: 'progress', step });
const metrics = (step: number): Event => ({ type: 'metrics', step });

async function all(events: AsyncIterable<Event>): Promise<Event[]> {
  const seen: Event[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

test('events arrive in the order in which they were pushed, before and after the reader came', async (t) => {
  const events = channel();
  events.push(metrics(1));
  const reading = all(events);
  await Promise.resolve();
  events.push(progress(1));
  await Promise.resolve();
  events.push(metrics(2));
  events.close();
  t.deepEqual(await reading, [metrics(1), progress(1), metrics(2)]);
});

test('an unread progress event is replaced by the next one, but never across another event', async (t) => {
  const events = channel();
  for (let step = 0; step < 1000; step++) events.push(progress(step));
  events.push(metrics(1));
  events.push(metrics(2));
  events.push(progress(1000));
  events.push(progress(1001));
  events.close();
  t.deepEqual(await all(events), [progress(999), metrics(1), metrics(2), progress(1001)]);
});

test('a closed channel ends its reader at once when empty, and stays ended', async (t) => {
  const events = channel();
  const waiting = events.next();
  events.close();
  t.deepEqual(await waiting, { done: true, value: undefined });
  t.deepEqual(await events.next(), { done: true, value: undefined });
});

test('two readers that wait at the same time both end', async (t) => {
  const events = channel();
  const waiting = [events.next(), events.next()];
  await Promise.resolve();
  events.push(metrics(1));
  events.close();
  const results = await Promise.all(waiting);
  t.deepEqual(
    results.map(({ done }) => done),
    [false, true],
  );
});

test('a reader that leaves early can come back for the rest', async (t) => {
  const events = channel();
  events.push(metrics(1));
  events.push(metrics(2));
  events.close();
  for await (const event of events) {
    t.deepEqual(event, metrics(1));
    break;
  }
  t.deepEqual(await all(events), [metrics(2)]);
});

/** How many wait, as the documentation says. */
const WAITING = 10_000;

test('while nobody reads, the first event and the newest 10,000 wait, and the others are forgotten', async (t) => {
  const events = channel();
  for (let step = 0; step < 5 * WAITING + 7; step++) events.push(metrics(step));
  events.close();
  const found = await all(events);
  t.is(found.length, WAITING + 1);
  t.deepEqual([found[0], found[1], found.at(-1)], [metrics(0), metrics(4 * WAITING + 7), metrics(5 * WAITING + 6)]);
});

test('from its start on a reader misses nothing, however slow it is, and after it the newest 10,000 wait for the next one', async (t) => {
  const events = channel();
  const reader = events[Symbol.asyncIterator]();
  for (let step = 0; step < 3 * WAITING; step++) events.push(metrics(step));
  for (let step = 0; step < WAITING; step++) t.deepEqual(await reader.next(), { done: false, value: metrics(step) });
  await reader.return();
  for (let step = 0; step < 3 * WAITING; step++) events.push(metrics(step));
  events.close();
  const found = await all(events);
  t.deepEqual([found.length, found[0]], [WAITING, metrics(2 * WAITING)]);
});
