import { dotted, keyPlaceAt, type MapNode, nodeAt, type Path } from '../../config/text/node.ts';
import type { Problems } from '../../config/text/problems.ts';
import type { Place } from '../../config/text/source.ts';
import type { ErrorCode } from '../../errors.ts';

/** Reports what is wrong with a sweep file at the place where it is written. */
export class Blame {
  readonly tree: MapNode;
  readonly #problems: Problems;

  constructor(tree: MapNode, problems: Problems) {
    this.tree = tree;
    this.#problems = problems;
  }

  report(code: ErrorCode, path: Path, message: string, next?: string): void {
    this.reportAt(code, path, message, this.placeOf(path), next);
  }

  reportAt(code: ErrorCode, path: Path, message: string, place: Place, next?: string): void {
    this.#problems.add(code, dotted(path), message, place, next);
  }

  get any(): boolean {
    return this.#problems.any;
  }

  throwIfAny(): void {
    this.#problems.throwIfAny();
  }

  /** A value on the key's line by itself, all else by its key; what is not there, by what it would stand in. */
  placeOf(path: Path): Place {
    const node = nodeAt(this.tree, path);
    if (node?.kind === 'scalar') return node.place;
    return node === undefined && path.length > 1 ? keyPlaceAt(this.tree, path.slice(0, -1)) : keyPlaceAt(this.tree, path);
  }
}
