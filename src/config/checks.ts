import { printable } from '../errors.ts';
import { defaultType, outlineAt } from './outline.ts';
import type { Problems } from './problems.ts';
import { dotted, keyPlaceAt, type Node, nodeAt, type Path } from './tree.ts';

/** Device names of Windows, with or without an extension: no directory there can have them. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;
const PARTS = ['train', 'val', 'test'] as const;

/** What one key's schema cannot see: rules between keys. Defaults count as given values. */
export function checkAcross(root: Node, problems: Problems): void {
  const view = new View(root, problems);
  checkName(view);
  checkLength(view);
  checkSource(view);
  checkSplit(view);
  checkUniform(view, ['model', 'init']);
  const layers = nodeAt(root, ['model', 'layers']);
  if (layers?.kind === 'list') for (const i of layers.items.keys()) checkUniform(view, ['model', 'layers', i, 'init']);
  const workers = view.number(['parallel', 'workers']);
  const leaves = view.number(['numerics', 'leaves']);
  if (workers !== undefined && leaves !== undefined && workers > leaves) {
    const message = `more workers than leaves; got ${workers}; expected at most numerics.leaves, which is ${leaves}`;
    view.report('E_CONFIG_RANGE', view.given(['parallel', 'workers']) ? ['parallel', 'workers'] : ['numerics', 'leaves'], message);
  }
}

/** The tree's values by path, with the schema's defaults, and nothing for those already reported. */
class View {
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
    return this.value([...path, 'type']) ?? defaultType(outlineAt(this.#root, path));
  }

  report(
    code: 'E_CONFIG_VALUE' | 'E_CONFIG_RANGE' | 'E_CONFIG_INTEGER' | 'E_CONFIG_MISSING' | 'E_RUN_NAME',
    path: Path,
    message: string,
    at = path,
  ): void {
    const node = code === 'E_CONFIG_MISSING' ? undefined : nodeAt(this.#root, at);
    const place = node?.kind === 'scalar' ? node.place : keyPlaceAt(this.#root, at);
    this.#problems.add(code, dotted(path), message, place);
  }
}

function checkName(view: View): void {
  const name = view.value(['name']);
  if (typeof name === 'string' && DEVICE.test(name)) {
    view.report('E_RUN_NAME', ['name'], `not a usable name; got ${printable(name, 80)}, a device on Windows; expected another name`);
  }
}

function checkLength(view: View): void {
  if (!view.given(['train', 'epochs']) || !view.given(['train', 'steps'])) return;
  view.report('E_CONFIG_VALUE', ['train', 'steps'], 'train.epochs is given too; expected one of the two');
}

function checkSource(view: View): void {
  const source = ['data', 'source'];
  const type = view.type(source);
  if (type === 'idx') {
    for (const [one, other] of [
      ['test_images', 'test_labels'],
      ['test_labels', 'test_images'],
    ] as const) {
      if (!view.given([...source, one]) || view.given([...source, other])) continue;
      view.report('E_CONFIG_MISSING', [...source, other], `missing; ${one} needs it`, [...source, one]);
    }
  }
  const features = view.number([...source, 'features']);
  if (type === 'synthetic' && view.value([...source, 'kind']) === 'spirals' && features !== undefined && features !== 2) {
    view.report('E_CONFIG_VALUE', [...source, 'features'], `spirals have 2 features; got ${features}`);
  }
}

function checkSplit(view: View): void {
  let sum = 0;
  let last: Path | undefined;
  for (const part of PARTS) {
    const path = ['data', 'split', part];
    const share = view.number(path);
    if (share === undefined) continue;
    if (share > 1 && !Number.isSafeInteger(share)) {
      view.report('E_CONFIG_INTEGER', path, `not an integer; got ${share}; expected a count of 1 or more, or a fraction below 1`);
    } else if (share < 1) {
      sum += share;
      if (share > 0 && view.given(path)) last = path;
    }
  }
  // Decimal fractions that sum to one can exceed it by a rounding error.
  if (last !== undefined && sum > 1 + 1e-9) {
    view.report('E_CONFIG_RANGE', last, `the fractions of data.split sum to ${Number(sum.toPrecision(6))}; expected at most 1`);
  }
}

function checkUniform(view: View, path: Path): void {
  if (!view.given(path) || view.type(path) !== 'uniform') return;
  const low = view.number([...path, 'low']);
  const high = view.number([...path, 'high']);
  if (low === undefined || high === undefined || low < high) return;
  const at = [...path, view.given([...path, 'high']) ? 'high' : 'low'];
  view.report('E_CONFIG_RANGE', at, `low must be below high; got low ${low} and high ${high}`);
}
