import type { Place } from './source.ts';

/**
 * A config value that remembers where it was written. Trees are never changed in place: aliases share nodes,
 * and merging and overriding build new ones.
 */
export type Node = MapNode | ListNode | ScalarNode;

export interface MapNode {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: ReadonlyMap<string, Entry>;
  /** The map stands for a bare word: `relu` for `{type: relu}`. */
  readonly shorthand?: true;
}

export interface Entry {
  readonly key: Place;
  readonly value: Node;
}

interface ListNode {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly Node[];
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly place: Place;
  readonly value: string | number | boolean | null;
  /** As the user wrote it, quotes included. */
  readonly raw: string;
}

export type Path = readonly (string | number)[];

export function dotted(path: Path): string {
  return path.join('.');
}

/** Whether a part of a path counts items: `0`, `12`, not `01` or `1e0`. */
export function isIndex(key: string | number): boolean {
  return /^(?:0|[1-9]\d*)$/.test(String(key));
}

/** The value of a map's key or of a list's item, if there is one. */
export function valueAt(node: Node | undefined, key: string | number): Node | undefined {
  if (node?.kind === 'map') return node.entries.get(String(key))?.value;
  if (node?.kind === 'list' && isIndex(key)) return node.items[Number(key)];
  return undefined;
}

export function nodeAt(root: Node, path: Path): Node | undefined {
  return path.reduce<Node | undefined>(valueAt, root);
}

/** Where the key of a path is written: for a list's item and for the root where they start. */
export function keyPlaceAt(root: Node, path: Path): Place {
  const start: Place = { ...root.place, to: root.place.from };
  const last = path.at(-1);
  if (last === undefined) return start;
  const parent = nodeAt(root, path.slice(0, -1));
  if (parent?.kind === 'map') return parent.entries.get(String(last))?.key ?? start;
  const item = valueAt(parent, last)?.place ?? start;
  return { ...item, to: item.from };
}

/** The map's string under `type`, the tag of its variant. */
export function typeOf(node: Node | undefined): string | undefined {
  const type = valueAt(node, 'type');
  return type?.kind === 'scalar' && typeof type.value === 'string' ? type.value : undefined;
}
