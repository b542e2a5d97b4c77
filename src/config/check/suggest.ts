import { mapsFor, type Outline, outline, variantsOf } from '../schema/outline.ts';
import { closest, listed } from '../text/closest.ts';
import { dotted, type Node, type Path } from '../text/node.ts';
import { LAYER_KEYS } from './layers/words.ts';
import { KEY_ADVICE, SYNONYMS } from './synonyms.ts';

/**
 * What an unknown key was meant to be: a key beside it, of another variant, or elsewhere in the schema.
 *
 * @param schema  of the kind of file; places elsewhere are known for experiments only
 */
export function aboutUnknownKey(at: Outline | undefined, node: Node, path: Path, key: string, schema = outline): string {
  if (key === '<<') return 'a merge key is written without quotes, in a file';
  const advice = KEY_ADVICE[key];
  if (advice !== undefined) return advice;
  if (key === 'extends') return 'extends stands at the top of a file';
  const beside = mapsFor(at, node).flatMap((map) => Object.keys(map.properties ?? {}));
  const synonym = SYNONYMS[key] ?? SYNONYMS[closest(key, Object.keys(SYNONYMS)) ?? ''];
  const ofLayer = path[0] === 'model' ? (LAYER_KEYS[key] ?? []) : [];
  const near = [...ofLayer, ...(synonym === undefined ? [] : [synonym])].find((one) => beside.includes(one)) ?? closest(key, beside);
  if (near !== undefined) return `did you mean ${dotted([...path, near])}?`;
  const owners = [...(variantsOf(at) ?? [])].filter(([, variant]) => Object.hasOwn(variant.properties ?? {}, key)).map(([tag]) => tag);
  if (owners.length > 0) return `only type: ${owners.join(', ')} has it`;
  const elsewhere =
    schema !== outline
      ? undefined
      : (placeOf(key) ?? (synonym === undefined ? undefined : placeOf(synonym)) ?? placeOf(closest(key, [...PLACES.keys()]) ?? ''));
  if (elsewhere !== undefined) return `did you mean ${elsewhere}?`;
  return beside.length === 0 ? 'no key is allowed here' : `the keys here are ${listed(beside)}`;
}

/** Whether a key that is missing is there under a name of other tools, of which the unknown key's error tells. */
export function isMisnamed(node: Node | undefined, missing: Path[number] | undefined): boolean {
  if (node?.kind !== 'map' || typeof missing !== 'string') return false;
  return [...node.entries.keys()].some((key) => LAYER_KEYS[key]?.includes(missing) === true);
}

function placeOf(key: string): string | undefined {
  return PLACES.get(key);
}

/** Each key of the schema with the shortest path to it; `N` stands for the number of a list's item. */
const PLACES: ReadonlyMap<string, string> = collectPlaces();

function collectPlaces(): Map<string, string> {
  const places = new Map<string, string>();
  /** What can hold itself is looked into once. */
  const seen = new Set<Outline>();
  // Breadth first, so that the first path to a key is a shortest one.
  let level: [Outline, string][] = [[outline, '']];
  while (level.length > 0) {
    const next: [Outline, string][] = [];
    for (const [at, path] of level) {
      if (seen.has(at)) continue;
      seen.add(at);
      for (const option of [...(at.oneOf ?? []), ...(at.anyOf ?? [])]) next.push([option, path]);
      if (at.items !== undefined) next.push([at.items, `${path}.N`]);
      for (const [key, child] of Object.entries(at.properties ?? {})) {
        const full = path === '' ? key : `${path}.${key}`;
        if (!places.has(key) && key !== 'type') places.set(key, full);
        next.push([child, full]);
      }
    }
    level = next;
  }
  return places;
}
