/**
 * Events on their way from a run to whoever iterates over them. Nothing is lost but an event of a replaceable kind that a newer one
 * of its kind overtakes before it was read; so a slow or absent reader costs no memory to speak of.
 */
export class Channel<T extends { type: string }> implements AsyncIterableIterator<T> {
  readonly #queue: T[] = [];
  readonly #replaceable: ReadonlySet<T['type']>;
  #closed = false;
  /** Readers that wait for an event or for the end. */
  #waiting: (() => void)[] = [];

  constructor(replaceable: readonly T['type'][]) {
    this.#replaceable = new Set(replaceable);
  }

  push(event: T): void {
    if (this.#replaceable.has(event.type) && this.#queue.at(-1)?.type === event.type) this.#queue.pop();
    this.#queue.push(event);
    this.#wake();
  }

  /** No more events; readers end when the queue is empty. */
  close(): void {
    this.#closed = true;
    this.#wake();
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

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
