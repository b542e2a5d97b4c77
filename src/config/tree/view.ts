import { effectiveType, outlineAt } from '../schema/outline.ts';
import { dotted, keyPlaceAt, type Node, nodeAt, type Path } from '../text/node.ts';
import type { Problems } from '../text/problems.ts';

/** The tree's values by path, with the schema's defaults, and nothing for those already reported. */
export class View {
  readonly #root: Node;
  readonly #problems: Problems;
  readonly #countOutputs: (view: View, root: Node) => number | undefined;
  /** Found when first asked for. */
  #outputs: { count: number | undefined } | undefined;

  /** @param countOutputs  how many values the last layer of a tree gives */
  constructor(root: Node, problems: Problems, countOutputs: (view: View, root: Node) => number | undefined) {
    this.#root = root;
    this.#problems = problems;
    this.#countOutputs = countOutputs;
  }

  given(path: Path): boolean {
    return nodeAt(this.#root, path) !== undefined;
  }

  value(path: Path): unknown {
    if (this.#problems.has(dotted(path))) return undefined;
    const node = nodeAt(this.#root, path);
    if (node === undefined) return outlineAt(this.#root, path)?.default;
    return node.kind === 'scalar' ? node.value : undefined;
  }

  number(path: Path): number | undefined {
    const value = this.value(path);
    return typeof value === 'number' ? value : undefined;
  }

  type(path: Path): unknown {
    return this.value([...path, 'type']) ?? effectiveType(outlineAt(this.#root, path), nodeAt(this.#root, path));
  }

  /** How many items a list has; undefined for anything else. */
  count(path: Path): number | undefined {
    const node = this.#problems.has(dotted(path)) ? undefined : nodeAt(this.#root, path);
    return node?.kind === 'list' ? node.items.length : undefined;
  }

  /** What stands at a path, whatever is wrong with it. */
  kind(path: Path): Node['kind'] | undefined {
    return nodeAt(this.#root, path)?.kind;
  }

  /** A number, or the numbers of a list, of which `[height, width]` is one; undefined for anything else. */
  numbers(path: Path): readonly number[] | undefined {
    const one = this.number(path);
    if (one !== undefined) return [one];
    const values = Array.from({ length: this.count(path) ?? 0 }, (_, i) => this.number([...path, i]));
    return values.length > 0 && values.every((value) => value !== undefined) ? values : undefined;
  }

  /** Values that the last layer gives; undefined where only the data tells. */
  outputs(): number | undefined {
    this.#outputs ??= { count: this.#countOutputs(this, this.#root) };
    return this.#outputs.count;
  }

  report(
    code: 'E_CONFIG_VALUE' | 'E_CONFIG_RANGE' | 'E_CONFIG_INTEGER' | 'E_CONFIG_MISSING' | 'E_RUN_NAME',
    path: Path,
    message: string,
    at = path,
    next?: string,
  ): void {
    const node = code === 'E_CONFIG_MISSING' ? undefined : nodeAt(this.#root, at);
    const place = node?.kind === 'scalar' ? node.place : keyPlaceAt(this.#root, at);
    this.#problems.add(code, dotted(path), message, place, next);
  }
}
