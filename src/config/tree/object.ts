import { dotted, type Entry, type Node, type Path } from '../text/node.ts';
import { MAX_DEPTH } from '../text/parse.ts';
import type { Problems } from '../text/problems.ts';
import { isReserved } from '../text/reserved.ts';
import { textFault, withoutNegativeZero } from '../text/scalars.ts';
import { makeSource, type Place } from '../text/source.ts';

/** The tree of a library caller's object; keys whose value is undefined count as absent. */
export function treeFromObject(input: unknown, dir: string, problems: Problems): Node | undefined {
  const source = makeSource('object', 'object', '', dir, 0);
  return convert(input, [], { source, from: 0, to: 0 }, new Set(), problems);
}

function convert(value: unknown, path: Path, place: Place, above: Set<object>, problems: Problems): Node | undefined {
  const at = dotted(path);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') {
    const raw = typeof value === 'string' ? JSON.stringify(value) : String(value);
    const fault = typeof value === 'string' ? textFault(raw, value) : undefined;
    if (fault !== undefined) problems.add('E_CONFIG_VALUE', at, fault, place);
    return { kind: 'scalar', place, value, raw };
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) problems.add('E_CONFIG_RANGE', at, `not a finite number; got ${value}`, place);
    return { kind: 'scalar', place, value: withoutNegativeZero(value), raw: String(value) };
  }
  if (typeof value !== 'object') {
    problems.add('E_CONFIG_TYPE', at, `wrong type; got a ${typeof value}; expected plain data`, place);
    return undefined;
  }
  if (above.has(value)) problems.add('E_YAML_CYCLE', at, 'the object contains itself', place);
  else if (above.size >= MAX_DEPTH) problems.add('E_YAML_TOO_DEEP', at, `nested deeper than ${MAX_DEPTH} levels`, place);
  else return convertParts(value, path, place, new Set([...above, value]), problems);
  return undefined;
}

function convertParts(value: object, path: Path, place: Place, above: Set<object>, problems: Problems): Node | undefined {
  if (Array.isArray(value)) {
    const items = value.map((item, i) => convert(item, [...path, i], place, above, problems));
    return { kind: 'list', place, items: items.filter((item) => item !== undefined) };
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    problems.add('E_CONFIG_TYPE', dotted(path), 'wrong type; got an instance of a class; expected plain data', place);
    return undefined;
  }
  const entries = new Map<string, Entry>();
  for (const [key, child] of Object.entries(value)) {
    if (child === undefined) continue;
    const full = [...path, key];
    if (isReserved(key)) {
      problems.add('E_CONFIG_RESERVED', dotted(full), 'reserved name', place);
      continue;
    }
    const node = convert(child, full, place, above, problems);
    if (node !== undefined) entries.set(key, { key: place, value: node });
  }
  return { kind: 'map', place, entries };
}
