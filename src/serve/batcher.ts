import type { Prediction } from '../use/predict/outputs.ts';

/** The queue is full. */
export class QueueFull extends Error {}

interface Waiting {
  rows: readonly unknown[];
  resolve: (predictions: Prediction[]) => void;
  reject: (error: unknown) => void;
}

/**
 * Puts requests that arrive together through the model at once. A row's result does not depend on the rows beside it, so a request gets the
 * bits that it would get alone; one with a bad row is refused by itself.
 */
export class Batcher {
  readonly #predict: (rows: readonly unknown[]) => Prediction[];
  readonly #check: (rows: readonly unknown[]) => void;
  readonly #limit: number;
  #waiting: Waiting[] = [];
  #rows = 0;

  /**
   * @param predict  takes all rows at once; they were checked
   * @param check    throws what is wrong with the rows of a request
   * @param limit    rows that may wait, at most
   */
  constructor(predict: (rows: readonly unknown[]) => Prediction[], check: (rows: readonly unknown[]) => void, limit: number) {
    this.#predict = predict;
    this.#check = check;
    this.#limit = limit;
  }

  /** @throws QueueFull, or what is wrong with the rows */
  add(rows: readonly unknown[]): Promise<Prediction[]> {
    this.#check(rows);
    if (this.#rows + rows.length > this.#limit) return Promise.reject(new QueueFull());
    this.#rows += rows.length;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rows, resolve, reject });
      // What else has arrived by now is read before that.
      if (this.#waiting.length === 1) setImmediate(() => this.#run());
    });
  }

  #run(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#rows = 0;
    try {
      const predictions = this.#predict(waiting.flatMap(({ rows }) => rows));
      let at = 0;
      for (const { rows, resolve } of waiting) {
        resolve(predictions.slice(at, at + rows.length));
        at += rows.length;
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
