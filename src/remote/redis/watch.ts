/** What is watched: a server, or what stands for one. */
interface Watched {
  /** The URL without its password. */
  readonly shown: string;
  readonly isThere: boolean;
}

/** Says when a server goes away and when it is back, and for how long it is away. */
export class Watch {
  readonly #server: Watched;
  readonly #goesOn: string;
  readonly #tell: (message: string) => void;
  #awaySince: number | undefined;

  /** @param goesOn  what goes on meanwhile, in words */
  constructor(server: Watched, goesOn: string, tell: (message: string) => void) {
    this.#server = server;
    this.#goesOn = goesOn;
    this.#tell = tell;
  }

  /** @returns milliseconds since it was first missed; undefined if it is there */
  look(): number | undefined {
    const { shown, isThere } = this.#server;
    if (isThere) {
      if (this.#awaySince !== undefined) this.#tell(`${shown} is there again`);
      this.#awaySince = undefined;
      return undefined;
    }
    if (this.#awaySince === undefined) this.#tell(`${shown} is away; ${this.#goesOn}`);
    this.#awaySince ??= performance.now();
    return performance.now() - this.#awaySince;
  }
}
