import { resolve } from 'node:path';
import { childOf, defaultType, type Outline } from '../schema/outline.ts';
import type { Node } from '../text/node.ts';
import { expandHome } from './path-text.ts';

/** The plain value of a tree, for the validation: default `type`s filled in, relative paths made absolute. */
export function plain(at: Outline | undefined, node: Node): unknown {
  if (node.kind === 'list') return node.items.map((item, i) => plain(childOf(at, node, i), item));
  if (node.kind === 'scalar') {
    const { value } = node;
    if (at?.whole !== undefined && isWholeFraction(node)) return at.whole;
    if (typeof value !== 'string' || value === '') return value;
    if (at?.isPath === true) return resolve(node.place.source.dir, expandHome(value));
    return at?.isDirectory === true ? expandHome(value) : value;
  }
  const value: Record<string, unknown> = {};
  for (const [key, entry] of node.entries) value[key] = plain(childOf(at, node, key), entry.value);
  const type = defaultType(at);
  if (type !== undefined && !node.entries.has('type')) value['type'] = type;
  return value;
}

/** Whether a value is 1 written as a fraction: `1.0`, `1e0`, `!!float 1`; YAML's numbers cannot tell it from the count 1. */
export function isWholeFraction(node: Node | undefined): boolean {
  return node?.kind === 'scalar' && node.value === 1 && /[.e]|^!!float/i.test(node.raw);
}
