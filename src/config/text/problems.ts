import { type ErrorCode, type ErrorDetails, GradloomError, printable } from '../../errors.ts';
import { frameOf, type Place, whereOf } from './source.ts';

interface Problem {
  readonly code: ErrorCode;
  readonly path: string;
  readonly message: string;
  readonly place: Place;
  readonly next: string | undefined;
  /** What was expected, where the key's schema may say it better. */
  readonly expected: string | undefined;
}

/** More would not help a reader; one line says how many are left. */
const MAX_SHOWN = 100;

/** Collects all that is wrong with a config, to be thrown as one error. */
export class Problems {
  readonly #list: Problem[] = [];
  readonly #paths = new Set<string>();
  /** Problems of another validation that belong to the same answer. */
  readonly #adopted = new Map<string, ErrorDetails>();

  /**
   * @param path     dotted key path, '' for the whole document
   * @param message  what is wrong, without the path
   * @param next      the change to make, if one sentence says it
   * @param expected  what was expected, as far as it is known without the key
   */
  add(code: ErrorCode, path: string, message: string, place: Place, next?: string, expected?: string): void {
    this.#list.push({ code, path, message, place, next, expected });
    this.#paths.add(path);
  }

  /**
   * Lets the schema say what was expected where a problem was found without it: a number too small for a double may be refused as 0 too.
   *
   * @param expectationAt  what the schema allows at a dotted path; undefined where it has no such key
   */
  expecting(expectationAt: (path: string) => string | undefined): void {
    for (const [i, problem] of this.#list.entries()) {
      if (problem.expected === undefined) continue;
      this.#list[i] = { ...problem, expected: expectationAt(problem.path) ?? problem.expected };
    }
  }

  /** Takes over a problem that is told already; the same one twice counts once. */
  adopt(problem: ErrorDetails): void {
    this.#adopted.set(`${problem.where} ${problem.message}`, problem);
  }

  get any(): boolean {
    return this.#list.length > 0 || this.#adopted.size > 0;
  }

  /** A whole document is missing or not the YAML that a config may be: without it, valid keys would be called missing or unknown. */
  get broken(): boolean {
    return this.#list.some(({ code, path }) => path === '' || path === 'extends' || code.startsWith('E_YAML_'));
  }

  /** Enough to fill the report: the rest need no explanation. */
  get many(): boolean {
    return this.#list.length >= MAX_SHOWN;
  }

  /** Whether a problem with this very path is already known, so that its consequences need no mention. */
  has(path: string): boolean {
    return this.#paths.has(path);
  }

  throwIfAny(): void {
    if (!this.any) return;
    const sorted = this.#list.toSorted((a, b) => a.place.source.order - b.place.source.order || a.place.from - b.place.from);
    const adopted = [...this.#adopted.values()];
    const details = [...sorted.slice(0, MAX_SHOWN).map(toDetails), ...adopted].slice(0, MAX_SHOWN);
    const hidden = sorted.length + adopted.length - details.length;
    const last = details.at(-1);
    if (last !== undefined && hidden > 0) last.next = `${last.next === undefined ? '' : `${last.next}; `}then see ${hidden} more problems`;
    const [first] = details;
    if (first !== undefined) throw new GradloomError(first, details);
  }
}

function toDetails(problem: Problem): ErrorDetails {
  const { code, path, place, next, expected } = problem;
  const message = expected === undefined ? problem.message : `${problem.message}; expected ${expected}`;
  return {
    code,
    message: path === '' ? message : `${printable(path)}: ${message}`,
    where: whereOf(place, path),
    frame: frameOf(place),
    next,
  };
}
