/** Events that wait for the first reader, at most. */
const MAX_WAITING = 10_000;

/**
 * Events on their way from a run to whoever iterates over them. An event of a replaceable kind is overtaken by a newer one of its kind that
 * comes before it was read; beyond that a reader misses nothing from its start to its end. While there is none, the newest 10,000 events wait
 * for the next one, and before there was any the very first event, too.
 */
export class Channel<T extends { type: string }> implements AsyncIterableIterator<T> {
  readonly #replaceable: ReadonlySet<T['type']>;
  readonly #queue: T[] = [];
  #closed = false;
  #isRead = false;
  #wasRead = false;
  /** Readers that wait for an event or for the end. */
  #waiting: (() => void)[] = [];

  constructor(replaceable: readonly T['type'][]) {
    this.#replaceable = new Set(replaceable);
  }

  push(event: T): void {
    if (this.#replaceable.has(event.type) && this.#queue.at(-1)?.type === event.type) this.#queue.pop();
    this.#queue.push(event);
    // Many at once: to forget costs as much as all that stays.
    if (!this.#isRead && this.#queue.length > 2 * MAX_WAITING) this.#forget();
    this.#wake();
  }

  /** No more events; readers end when the queue is empty. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Begins to read. Several readers share the events: each goes to one of them. */
  [Symbol.asyncIterator](): this {
    if (!this.#isRead) this.#forget();
    this.#isRead = true;
    this.#wasRead = true;
    return this;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (this.#queue.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    const value = this.#queue.shift();
    return value === undefined ? { done: true, value } : { done: false, value };
  }

  /** The reader breaks off. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#isRead = false;
    return Promise.resolve({ done: true, value: undefined });
  }

  #forget(): void {
    const first = this.#wasRead ? 0 : 1;
    const tooMany = this.#queue.length - first - MAX_WAITING;
    if (tooMany > 0) this.#queue.splice(first, tooMany);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
