import { printable } from '../../errors.ts';
import { childOf, effectiveType, exclusiveKeys, impliedType, type Outline, variantsOf } from '../schema/outline.ts';
import { dotted, type Entry, type MapNode, type Node, type Path, typeOf } from '../text/node.ts';

/** Writes out bare words: where the schema has a `type:`-tagged union, `relu` becomes `{type: relu}`. */
export function expandShorthands(at: Outline | undefined, node: Node): Node {
  if (node.kind === 'list') return { ...node, items: node.items.map((item) => expandShorthands(childOf(at, node, 0), item)) };
  if (node.kind === 'map') {
    const entries = [...node.entries].map(([key, entry]): [string, Entry] => {
      return [key, { key: entry.key, value: expandShorthands(childOf(at, node, key), entry.value) }];
    });
    return { ...node, entries: new Map(entries) };
  }
  if (variantsOf(at) === undefined || typeof node.value !== 'string') return node;
  return { kind: 'map', place: node.place, shorthand: true, entries: new Map([['type', { key: node.place, value: node }]]) };
}

/**
 * Puts one tree over another: maps merge, everything else is replaced. A map that changes its `type` keeps only the keys
 * that its new variant has.
 *
 * @param notices  receives a sentence for each change that drops keys
 */
export function merge(at: Outline | undefined, base: Node, over: Node, path: Path, notices: string[]): Node {
  if (base.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map(makeRoom(at, base, over, path, notices).entries);
  for (const [key, { key: place, value }] of over.entries) {
    const below = entries.get(key);
    const merged =
      below === undefined ? value : merge(childOf(at, over, key) ?? childOf(at, base, key), below.value, value, [...path, key], notices);
    entries.set(key, { key: place, value: merged });
  }
  return { kind: 'map', place: over.place, entries };
}

/** Drops from `base` the keys that cannot stand together with those of `over`. */
export function makeRoom(at: Outline | undefined, base: MapNode, over: MapNode, path: Path, notices: string[]): MapNode {
  return dropRivals(at, dropOtherVariant(at, base, over, path, notices), over, path, notices);
}

function dropOtherVariant(at: Outline | undefined, base: MapNode, over: MapNode, path: Path, notices: string[]): MapNode {
  const from = effectiveType(at, base);
  const to = typeOf(over) ?? impliedType(at, over);
  const variant = to === undefined ? undefined : variantsOf(at)?.get(to);
  if (variant === undefined || from === undefined || to === undefined || from === to) return base;
  const lost = [...base.entries.keys()].filter((key) => !Object.hasOwn(variant.properties ?? {}, key));
  if (lost.length > 0)
    notices.push(`${dotted([...path, 'type'])} changes from ${printable(from, 80)} to ${to}, which drops ${listed(lost)}`);
  // What is known by its keys must not keep the word of the old variant.
  return without(base, typeOf(over) === undefined ? [...lost, 'type'] : lost);
}

function dropRivals(at: Outline | undefined, base: MapNode, over: MapNode, path: Path, notices: string[]): MapNode {
  const rivals = exclusiveKeys(at, base);
  const given = rivals.filter((key) => over.entries.has(key));
  const lost = rivals.filter((key) => base.entries.has(key) && !over.entries.has(key));
  if (given.length === 0 || lost.length === 0) return base;
  notices.push(`${dotted([...path, given[0] ?? ''])} replaces ${listed(lost.map((key) => dotted([...path, key])))}`);
  return without(base, lost);
}

function without(map: MapNode, keys: readonly string[]): MapNode {
  if (keys.length === 0) return map;
  return { ...map, entries: new Map([...map.entries].filter(([key]) => !keys.includes(key))) };
}

function listed(keys: readonly string[]): string {
  return keys.map((key) => printable(key, 80)).join(', ');
}
