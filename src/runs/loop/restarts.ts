import { EXIT, type GradloomError } from '../../errors.ts';

/** How often the threads of a run may be replaced. */
const BUDGET = 2;

/** Decides whether training is repeated with new threads after a fault of a worker. */
export class Restarts {
  #left = BUDGET;
  readonly #seen = new Set<string>();

  /**
   * Not where threads do not even start, and not when the same fault comes again at the same step: that is no accident.
   *
   * @param step  updates done before the fault
   */
  allow({ code, where, exitCode }: GradloomError, step: number): boolean {
    if (exitCode !== EXIT.worker || code === 'E_POOL_START') return false;
    const fault = `${code} ${where} ${step}`;
    if (this.#left === 0 || this.#seen.has(fault)) return false;
    this.#seen.add(fault);
    this.#left--;
    return true;
  }
}
