/** How often it is looked whether the first step is done, and after how many looks it is not waited for. */
const LOOK_MS = 5;
const MOST_LOOKS = 40;

export interface LateCodeParts<Code> {
  /** All that it needs of the ranks' memory it reads before it returns. */
  make: () => Promise<Code>;
  /** The ranks have done a step: until then they need the cores. */
  hasStepped: () => boolean;
  /** Told when there is something to take. */
  onDue: () => void;
}

/**
 * Machine code that is made while the ranks do their first steps on WebAssembly, which has the same bits: making it, and loading what calls
 * it, takes longer than a hundred steps of a small network.
 */
export class LateCode<Code> {
  readonly #parts: LateCodeParts<Code>;
  #stage: 'to make' | 'making' | 'made' | 'over' = 'to make';
  #made: { code: Code } | { error: unknown } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: LateCodeParts<Code>) {
    this.#parts = parts;
  }

  /** Steps are under way; a second call changes nothing. */
  start(): void {
    if (this.#stage !== 'to make') return;
    this.#stage = 'making';
    let looks = 0;
    this.#timer = setInterval(() => {
      looks++;
      if (looks < MOST_LOOKS && !this.#parts.hasStepped()) return;
      clearInterval(this.#timer);
      void this.#make();
    }, LOOK_MS);
  }

  /** It is there, and nobody has taken it. */
  get isDue(): boolean {
    return this.#stage === 'made';
  }

  /** It has been taken, or nobody wants it any more. */
  get isOver(): boolean {
    return this.#stage === 'over';
  }

  /** What was made. @throws what making it threw */
  take(): Code {
    this.#stage = 'over';
    if (this.#made === undefined) throw new RangeError('the code is not made yet');
    if ('error' in this.#made) throw this.#made.error;
    return this.#made.code;
  }

  /** Nobody will take it. */
  close(): void {
    this.#stage = 'over';
    clearInterval(this.#timer);
  }

  async #make(): Promise<void> {
    try {
      this.#made = { code: await this.#parts.make() };
    } catch (error) {
      this.#made = { error };
    }
    if (this.#stage === 'over') return;
    this.#stage = 'made';
    this.#parts.onDue();
  }
}
