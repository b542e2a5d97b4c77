import { childOf, mapsFor, type Outline, outline, outlineAt, variantsOf } from '../../config/schema/outline.ts';
import { dotted, isIndex, type MapNode, type Node, type Path, valueAt } from '../../config/text/node.ts';

/** A key that an experiment may have. */
export interface ExperimentKey {
  readonly path: Path;
  readonly at: Outline;
  /** The words that it may be; none where it takes other values. */
  readonly words: readonly string[];
  /** It goes with the types that the base experiment has: `optimizer.momentum` where that is sgd. */
  readonly isCurrent: boolean;
  /** Maps above it that have it with some of their types only, and with which. */
  readonly only: ReadonlyMap<string, readonly string[]>;
}

/** What a file or a machine says of itself, and no search is about. */
const NOT_SEARCHED = ['extends', 'version', 'name', 'tags', 'parent', 'parallel', 'track', 'metrics'];

/** Every key of a value that a trial may set, by its dotted name, with all types of every union; list items as many as the base has. */
export function experimentKeys(base: MapNode): ReadonlyMap<string, ExperimentKey> {
  const keys = new Map<string, ExperimentKey>();
  const visit = (
    at: Outline,
    node: Node | undefined,
    path: Path,
    only: ReadonlyMap<string, readonly string[]>,
    words: readonly string[] = wordsOf(at),
  ): void => {
    const variants = variantsOf(at);
    const maps = variants === undefined ? [at, ...(at.anyOf ?? [])] : [...variants.values()];
    const names = new Set(maps.flatMap((map) => Object.keys(map.properties ?? {})));
    for (const name of names) {
      if (path.length === 0 && NOT_SEARCHED.includes(name)) continue;
      const owners = [...(variants ?? [])].filter(([, map]) => Object.hasOwn(map.properties ?? {}, name)).map(([tag]) => tag);
      const isEverywhere = variants === undefined || owners.length === variants.size;
      // What the base has before what others have: a residual is a key of layers, and a list of them.
      const child = [...mapsFor(at, node), ...maps].find((map) => Object.hasOwn(map.properties ?? {}, name))?.properties?.[name];
      const within = isEverywhere ? only : new Map([...only, [dotted(path), owners]]);
      if (child === undefined) continue;
      const tags = name === 'type' && variants !== undefined ? [...variants.keys()] : undefined;
      visit(child, valueAt(node, name), [...path, name], within, tags);
    }
    if (at.additionalProperties && at.additionalProperties.items !== undefined && node?.kind === 'map')
      for (const [name, { value }] of node.entries) visit(at.additionalProperties, value, [...path, name], only);
    if (node?.kind === 'list') {
      for (const [i, item] of node.items.entries()) {
        const child = childOf(at, node, i);
        if (child !== undefined) visit(child, item, [...path, i], only);
      }
    }
    if (path.length > 0 && isValue(at)) keys.set(dotted(path), { path, at, words, isCurrent: outlineAt(base, path) !== undefined, only });
  };
  visit(outline, base, [], new Map());
  return keys;
}

/** The keys of the layers before the last one, whose outputs nobody chooses, that end in `last`; those of layers in layers too, as far as they have it. */
export function hiddenLayerKeys(keys: ReadonlyMap<string, ExperimentKey>, last: string): string[] {
  const layers = [...keys.values()].filter(isOfLayer);
  const output = Math.max(...layers.map(({ path }) => (path[1] === 'layers' ? Number(path[2]) : 0)));
  const isHidden = ({ path, isCurrent }: ExperimentKey): boolean => isCurrent && (path[1] === 'blocks' || Number(path[2]) < output);
  return layers.filter((key) => isHidden(key) && keyOfLayer(key) === last).map(({ path }) => dotted(path));
}

/** Whether a key is of a layer. */
export function isOfLayer({ path }: ExperimentKey): boolean {
  return path[0] === 'model' && path.slice(2).some(isIndex);
}

/** A key of a layer without the layer: `activation.type`. */
export function keyOfLayer({ path }: ExperimentKey): string {
  return dotted(path.slice(path.findLastIndex(isIndex) + 1));
}

/** The part of an outline that allows numbers; undefined where none does. */
export function numberPart(at: Outline): Outline | undefined {
  return [at, ...(at.anyOf ?? [])].find(({ type, const: fixed }) => (type === 'number' || type === 'integer') && fixed === undefined);
}

/** Whether a list may stand there. */
export function takesList(at: Outline): boolean {
  return [at, ...(at.anyOf ?? [])].some(({ type }) => type === 'array');
}

function wordsOf(at: Outline): string[] {
  return [at, ...(at.anyOf ?? [])].flatMap(({ enum: words = [] }) => words.filter((word) => typeof word === 'string'));
}

/** Whether a scalar, or a list of scalars, may stand there. */
function isValue(at: Outline): boolean {
  return [at, ...(at.anyOf ?? [])].some(({ type, const: fixed, enum: words, items }) => {
    if (type === 'array') return items?.type === 'number' || items?.type === 'integer';
    return (type !== undefined && type !== 'object') || fixed !== undefined || words !== undefined;
  });
}
