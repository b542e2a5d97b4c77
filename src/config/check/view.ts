import { effectiveType, outlineAt } from '../schema/outline.ts';
import { dotted, keyPlaceAt, type Node, nodeAt, type Path } from '../text/node.ts';
import type { Problems } from '../text/problems.ts';

/** The tree's values by path, with the schema's defaults, and nothing for those already reported. */
export class View {
  readonly #root: Node;
  readonly #problems: Problems;

  constructor(root: Node, problems: Problems) {
    this.#root = root;
    this.#problems = problems;
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

  /** Outputs of the last layer. */
  outputs(): number | undefined {
    const layers = this.count(['model', 'layers']);
    return layers === undefined ? undefined : this.number(['model', 'layers', layers - 1, 'units']);
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
