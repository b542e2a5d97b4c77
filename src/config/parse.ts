import { Composer, type CST, type Document, isAlias, isMap, isScalar, isSeq, Lexer, type Pair, Parser } from 'yaml';
import { printable } from '../errors.ts';
import type { Problems } from './problems.ts';
import { MAX_BYTES } from './read.ts';
import { isReserved } from './reserved.ts';
import { numberFault, textFault, withoutNegativeZero } from './scalars.ts';
import type { Place, Source } from './source.ts';
import { dotted, type Entry, type Node, type Path } from './tree.ts';

export const MAX_DEPTH = 64;
/** A thousand layers with all their keys use half of it; a megabyte of brackets would keep the composer busy for 10 s. */
const MAX_TOKENS = 131_072;
const MAX_ALIASES = 100;
/** Nodes that aliases may add to a document: a hundred aliases can multiply to billions. */
const MAX_ALIASED_NODES = 100_000;
/** How far before its value a tag is looked for, to mark it in the frame. */
const TAG_REACH = 200;

type YamlNode = NonNullable<Document.Parsed['contents']>;

/**
 * Parses one YAML 1.2 document (core schema) into a tree of located values.
 *
 * @param from  where the YAML starts in the source: after `key=` in a command-line argument
 * @param base  the path that the document's values stand under
 * @param to    where the YAML ends
 * @returns undefined when the text is empty or its syntax is broken; problems say which
 */
export function parseTree(source: Source, problems: Problems, from = 0, base: Path = [], to = source.text.length): Node | undefined {
  const text = source.text.slice(from, to);
  const whole: Place = { source, from, to: from };
  if (Buffer.byteLength(text) > MAX_BYTES) {
    problems.add('E_YAML_TOO_LARGE', '', 'larger than 1 MiB, the limit of a config file', whole);
    return undefined;
  }
  const tokens = tokensOf(text);
  if (!Array.isArray(tokens)) {
    problems.add(tokens.code, '', tokens.message, { source, from: from + tokens.at, to: from + tokens.at + 1 });
    return undefined;
  }
  const document = composeOne(tokens, text.length, { source, from }, problems);
  if (document === undefined) return undefined;
  if (document.contents === null) {
    if (source.kind === 'command line') problems.add('E_OVERRIDE', dotted(base), 'no value after =', whole);
    else problems.add('E_CONFIG_READ', '', 'the file is empty', whole);
    return undefined;
  }
  const converter = new Converter(source, from, problems);
  const tree = converter.convert(document.contents, base, whole);
  return converter.exhausted ? undefined : tree;
}

interface Excess {
  code: 'E_YAML_TOO_DEEP' | 'E_YAML_TOO_LARGE';
  message: string;
  at: number;
}

/**
 * The document's tokens, or where they become too many or nest too deep. The composer recurses once a level, and V8 aborts the
 * process (no exception) when that happens often enough, so the depth is bounded here, where the parser keeps a stack of its own.
 */
function tokensOf(text: string): CST.Token[] | Excess {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    const at = Math.max(0, parser.offset - lexeme.length);
    if (parser.stack.length > MAX_DEPTH && collections(parser.stack) > MAX_DEPTH) {
      return { code: 'E_YAML_TOO_DEEP', message: `nested deeper than ${MAX_DEPTH} levels`, at };
    }
    // Each escape can be an error of its own.
    count += lexeme.startsWith('"') ? lexeme.split('\\').length : 1;
    if (count > MAX_TOKENS) return { code: 'E_YAML_TOO_LARGE', message: `more than ${MAX_TOKENS} words and marks`, at };
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

function collections(stack: readonly CST.Token[]): number {
  return stack.filter(({ type }) => type === 'flow-collection' || type === 'block-map' || type === 'block-seq').length;
}

function composeOne(
  tokens: CST.Token[],
  length: number,
  at: Pick<Place, 'source' | 'from'>,
  problems: Problems,
): Document.Parsed | undefined {
  // Duplicate keys are found by the converter: the composer's own check is quadratic.
  const options = {
    schema: 'core',
    version: '1.2',
    strict: true,
    uniqueKeys: false,
    stringKeys: true,
    resolveKnownTags: false,
    merge: false,
  } as const;
  const documents = [...new Composer(options).compose(tokens, true, length)];
  const [document, second] = documents;
  if (document === undefined) return undefined;
  const faults = [...document.errors, ...document.warnings];
  for (const { code, message, pos } of faults) {
    const place = { source: at.source, from: at.from + pos[0], to: at.from + pos[1] };
    if (code === 'TAG_RESOLVE_FAILED') problems.add('E_YAML_TAG', '', 'custom tags are not allowed', place);
    else problems.add('E_YAML_SYNTAX', '', inOurVoice(message), place);
  }
  if (second !== undefined) {
    const start = at.from + second.range[0];
    problems.add('E_YAML_SYNTAX', '', 'a second document starts here; a config file holds one', {
      source: at.source,
      from: start,
      to: start,
    });
  }
  if (document.directives.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
    problems.add('E_YAML_SYNTAX', '', `%YAML ${document.directives.yaml.version} is not read; config files are YAML 1.2`, {
      ...at,
      to: at.from,
    });
  }
  return faults.length > 0 || second !== undefined ? undefined : document;
}

function inOurVoice(message: string): string {
  const shown = printable(message);
  return shown.charAt(0).toLowerCase() + shown.slice(1);
}

/** Turns the parser's nodes into the tree, refusing what YAML has and config files do not need. */
class Converter {
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
    if (node.tag !== undefined) this.#problems.add('E_YAML_TAG', dotted(path), 'custom tags are not allowed', this.#tagPlace(place));
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, 'open');
    const made = this.#make(node, path, place);
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

  #map(pairs: readonly Pair<YamlNode, YamlNode | null>[], path: Path, place: Place): Node {
    const entries = new Map<string, Entry>();
    for (const pair of pairs) {
      const key = this.#placeOf(pair.key) ?? place;
      const name = isScalar(pair.key) ? String(pair.key.value) : '';
      const full = [...path, name];
      if (isReserved(name)) this.#problems.add('E_CONFIG_RESERVED', dotted(full), 'reserved name', key);
      else if (entries.has(name)) this.#problems.add('E_YAML_SYNTAX', dotted(full), 'duplicate key', key);
      else entries.set(name, { key, value: this.convert(pair.value, full, key) });
    }
    return this.#sized(
      { kind: 'map', place, entries },
      [...entries.values()].map((entry) => entry.value),
    );
  }

  #scalar(node: YamlNode, path: Path, place: Place): Node {
    const value = isScalar(node) ? node.value : null;
    const raw = this.#placeOf(node) === undefined ? '' : this.#source.text.slice(place.from, place.to);
    const fault = typeof value === 'string' ? textFault(raw, value) : undefined;
    if (fault !== undefined) this.#problems.add('E_CONFIG_VALUE', dotted(path), fault, place);
    if (typeof value === 'number') {
      const misread = node.tag === undefined ? numberFault(raw, value) : undefined;
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
