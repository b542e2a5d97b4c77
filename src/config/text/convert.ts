import { type Document, isAlias, isMap, isScalar, isSeq, type Pair } from 'yaml';
import { printable } from '../../errors.ts';
import { dotted, type Entry, type MapNode, type Node, type Path } from './node.ts';
import type { Problems } from './problems.ts';
import { isReserved } from './reserved.ts';
import { numberFault, textFault, withoutNegativeZero } from './scalars.ts';
import type { Place, Source } from './source.ts';
import { collectionFault, ownTag, taggedValue } from './tags.ts';

const MAX_ALIASES = 100;
/** Nodes that aliases may add to a document: a hundred aliases can multiply to billions. */
const MAX_ALIASED_NODES = 100_000;
/** How far before its value a tag is looked for, to mark it in the frame. */
const TAG_REACH = 200;
/** The key that takes over the keys of other maps. */
const MERGE = '<<';

type YamlNode = NonNullable<Document.Parsed['contents']>;

/** Turns the parser's nodes into the tree, refusing what YAML has and config files do not need. */
export class Converter {
  readonly #source: Source;
  readonly #from: number;
  readonly #problems: Problems;
  /** The latest node of each anchor; `open` while inside it, which makes an alias to it a cycle. */
  readonly #anchors = new Map<string, Node | 'open'>();
  readonly #sizes = new Map<Node, number>();
  #aliases = 0;
  #aliasedNodes = 0;
  /** Too many aliases: what was made of the document is incomplete. */
  exhausted = false;

  constructor(source: Source, from: number, problems: Problems) {
    this.#source = source;
    this.#from = from;
    this.#problems = problems;
  }

  /** @param fallback  the place of a value that has no text of its own, such as the nothing after `key:` */
  convert(node: YamlNode | null | undefined, path: Path, fallback: Place): Node {
    const place = this.#placeOf(node) ?? fallback;
    const nothing: Node = { kind: 'scalar', place, value: null, raw: '' };
    if (node === null || node === undefined) return nothing;
    if (isAlias(node)) return this.#alias(node.source, path, place) ?? nothing;
    const tag = node.tag === undefined ? undefined : ownTag(node.tag);
    if (node.tag !== undefined && tag === undefined)
      this.#problems.add('E_YAML_TAG', dotted(path), 'custom tags are not allowed', this.#tagPlace(place));
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, 'open');
    const made = tag === undefined ? this.#make(node, path, place) : this.#tagged(tag, node, path, place);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, made);
    return made;
  }

  #make(node: YamlNode, path: Path, place: Place): Node {
    if (isMap(node)) return this.#map(node.items, path, place);
    if (isSeq(node)) {
      const items = node.items.map((item, i) => this.convert(item, [...path, i], place));
      return this.#sized({ kind: 'list', place, items }, items);
    }
    return this.#scalar(node, path, place);
  }

  /** A value with one of YAML's own tags, which says how it is read. */
  #tagged(tag: string, node: YamlNode, path: Path, place: Place): Node {
    if (!isScalar(node)) {
      const fault = collectionFault(tag, isMap(node) ? 'map' : 'list');
      if (fault !== undefined) this.#problems.add('E_CONFIG_TYPE', dotted(path), fault, this.#tagPlace(place));
      return this.#make(node, path, place);
    }
    const text = typeof node.source === 'string' ? node.source : '';
    const read = taggedValue(tag, text);
    if ('code' in read) {
      this.#problems.add(read.code, dotted(path), read.message, place);
      return { kind: 'scalar', place, value: null, raw: `!!${tag} ${text}` };
    }
    return this.#scalarOf(read.value, `!!${tag} ${text}`, text, path, place);
  }

  #map(pairs: readonly Pair<YamlNode, YamlNode | null>[], path: Path, place: Place): Node {
    const entries = new Map<string, Entry>();
    const merged: MapNode[] = [];
    for (const pair of pairs) {
      const key = this.#placeOf(pair.key) ?? place;
      const name = isScalar(pair.key) ? String(pair.key.value) : '';
      const full = [...path, name];
      if (name === MERGE && isScalar(pair.key) && pair.key.type === 'PLAIN') merged.push(...this.#mergedMaps(pair.value, full, key));
      else if (isReserved(name)) this.#problems.add('E_CONFIG_RESERVED', dotted(full), 'reserved name', key);
      else if (entries.has(name)) this.#problems.add('E_YAML_SYNTAX', dotted(full), 'duplicate key', key);
      else entries.set(name, { key, value: this.convert(pair.value, full, key) });
    }
    // What the map says itself wins, then the maps in their order.
    for (const map of merged) for (const [name, entry] of map.entries) if (!entries.has(name)) entries.set(name, entry);
    return this.#sized(
      { kind: 'map', place, entries },
      [...entries.values()].map((entry) => entry.value),
    );
  }

  /** The maps whose keys a merge key takes over: one, or a list of them. Their values keep the places where they are written. */
  #mergedMaps(value: YamlNode | null | undefined, path: Path, key: Place): MapNode[] {
    const node = this.convert(value, path, key);
    const maps = node.kind === 'list' ? node.items : [node];
    return maps.flatMap((map, i) => {
      if (map.kind === 'map') return [map];
      const at = node.kind === 'list' ? [...path, i] : path;
      if (!this.#problems.has(dotted(at)))
        this.#problems.add('E_CONFIG_TYPE', dotted(at), 'wrong type; expected a map, such as *name of an anchor, or a list of maps', key);
      return [];
    });
  }

  #scalar(node: YamlNode, path: Path, place: Place): Node {
    const value = isScalar(node) ? node.value : null;
    const raw = this.#placeOf(node) === undefined ? '' : this.#source.text.slice(place.from, place.to);
    return this.#scalarOf(value, raw, raw, path, place);
  }

  /** @param digits  of a number, as they were written */
  #scalarOf(value: unknown, raw: string, digits: string, path: Path, place: Place): Node {
    const fault = typeof value === 'string' ? textFault(raw, value) : undefined;
    if (fault !== undefined) this.#problems.add('E_CONFIG_VALUE', dotted(path), fault, place);
    if (typeof value === 'number') {
      const misread = numberFault(digits, value);
      if (misread !== undefined) this.#problems.add(misread.code, dotted(path), misread.message, place, undefined, misread.expected);
      return { kind: 'scalar', place, value: withoutNegativeZero(value), raw };
    }
    return { kind: 'scalar', place, raw, value: typeof value === 'string' || typeof value === 'boolean' ? value : null };
  }

  #alias(name: string, path: Path, place: Place): Node | undefined {
    const target = this.#anchors.get(name);
    this.#aliases += 1;
    if (target === undefined)
      this.#problems.add('E_YAML_SYNTAX', dotted(path), `no anchor &${printable(name, 40)} stands before this alias`, place);
    else if (target === 'open') this.#problems.add('E_YAML_CYCLE', dotted(path), `*${printable(name, 40)} contains itself`, place);
    else if (this.#fits(target)) return target;
    else if (!this.exhausted) {
      this.exhausted = true;
      this.#problems.add(
        'E_YAML_ALIASES',
        dotted(path),
        `too many aliases; at most ${MAX_ALIASES}, and ${MAX_ALIASED_NODES} values through them`,
        place,
      );
    }
    return undefined;
  }

  #fits(target: Node): boolean {
    this.#aliasedNodes += this.#sizes.get(target) ?? 1;
    return this.#aliases <= MAX_ALIASES && this.#aliasedNodes <= MAX_ALIASED_NODES;
  }

  #sized(node: Node, children: readonly Node[]): Node {
    this.#sizes.set(
      node,
      children.reduce((sum, child) => sum + (this.#sizes.get(child) ?? 1), 1),
    );
    return node;
  }

  /** Where a node is written; undefined for an empty one. */
  #placeOf(node: YamlNode | null | undefined): Place | undefined {
    const range = node?.range;
    if (range === null || range === undefined || range[0] === range[1]) return undefined;
    return { source: this.#source, from: this.#from + range[0], to: this.#from + range[1] };
  }

  /** The tag stands before the value, on the same line or an earlier one. */
  #tagPlace(value: Place): Place {
    const start = Math.max(0, value.from - TAG_REACH);
    const tag = /(?<tag>!\S*)(?:\s+&\S+)?\s*$/.exec(this.#source.text.slice(start, value.from));
    return tag === null
      ? value
      : { source: this.#source, from: start + tag.index, to: start + tag.index + (tag.groups?.['tag'] ?? '').length };
  }
}
