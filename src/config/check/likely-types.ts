import { childOf, effectiveType, type Outline, variantsOf } from '../schema/outline.ts';
import { closest } from '../text/closest.ts';
import { type Entry, type MapNode, type Node, typeOf } from '../text/node.ts';
import { lackOf, ourWord } from './value-synonyms.ts';

/**
 * The tree with the likely `type` in each tagged map that lacks it or has it misspelt, so that what else is wrong there is found in the
 * same go. The same tree where there is none, or nothing tells which type was meant.
 */
export function withLikelyTypes(at: Outline | undefined, node: Node): Node {
  if (node.kind === 'scalar') return node;
  if (node.kind === 'list') {
    const items = node.items.map((item) => withLikelyTypes(childOf(at, node, 0), item));
    return items.some((item, i) => item !== node.items[i]) ? { ...node, items } : node;
  }
  const typed = withLikelyType(at, node);
  const entries = new Map<string, Entry>();
  for (const [key, { key: place, value }] of typed.entries)
    entries.set(key, { key: place, value: withLikelyTypes(childOf(at, typed, key), value) });
  const changed = [...entries].some(([key, { value }]) => value !== node.entries.get(key)?.value);
  return changed ? { ...typed, entries } : node;
}

function withLikelyType(at: Outline | undefined, node: MapNode): MapNode {
  const variants = variantsOf(at);
  const type = effectiveType(at, node);
  if (variants === undefined || (type !== undefined && variants.has(type))) return node;
  const given = node.entries.get('type');
  const likely = given === undefined ? byKeys(variants, node) : nearestTag(typeOf(node) ?? '', [...variants.keys()]);
  if (likely === undefined) return node;
  const place = given?.value.place ?? { ...node.place, to: node.place.from };
  const entry: Entry = { key: given?.key ?? place, value: { kind: 'scalar', place, value: likely, raw: likely } };
  return { ...node, entries: new Map([...node.entries, ['type', entry]]) };
}

function nearestTag(tag: string, tags: readonly string[]): string | undefined {
  return lackOf(tag, tags) === undefined ? (ourWord(tag, tags) ?? closest(tag, tags)) : undefined;
}

/** The variant that has most of a map's keys; the only one in any case. */
export function byKeys(variants: ReadonlyMap<string, Outline>, { entries }: MapNode): string | undefined {
  const scores = [...variants].map(([tag, variant]) => {
    return { tag, score: [...entries.keys()].filter((key) => Object.hasOwn(variant.properties ?? {}, key)).length };
  });
  const [best, second] = scores.toSorted((a, b) => b.score - a.score);
  if (second === undefined) return best?.tag;
  return best !== undefined && best.score > second.score ? best.tag : undefined;
}
