// What a program may write at each place of a schema, as text of TypeScript types.

const WIDTH = 140;

/** Kinds of text that a type can tell, by the words that a schema has for them; all others are any text. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a type
const TEMPLATES = { 'top<k>_accuracy with k from 2': '`top${number}_accuracy`' };

/** Names of the variants of unions by `type`, by the last word of the key: `{type: cosine}` of schedule is a CosineSchedule. */
const VARIANT_NAMES = {
  init: 'Initializer',
  on_nonfinite: 'OnNonfinite',
};

/** A shape that has a name of its own: a variant of a union, a union, or a map that stands at several places. */
class Named {
  constructor(name, part, body) {
    this.name = name;
    this.part = part;
    this.body = body;
  }
}

/** Collects the named types of a schema, each with the part of the experiment that it belongs to. */
export class Shapes {
  /** By what the schema says, without its description. */
  #known = new Map();
  /** What is said of each shape at the places where it stands. */
  #places = new Map();
  /** What was counted: what can hold itself is met again in itself. */
  #counted = new Set();
  #part;

  constructor(root) {
    this.#count(root);
  }

  /** The types of what has been written, in the order of their first use. */
  get named() {
    return [...this.#known.values()];
  }

  /** The type of a top-level key, whose named types belong to the file `part`. */
  typeOf(at, key, part) {
    this.#part = part;
    return this.#type(at, key, '');
  }

  #count(at) {
    if (at.name !== undefined && this.#counted.has(at)) return;
    this.#counted.add(at);
    const parts = [...Object.values(at.properties ?? {}), ...(at.anyOf ?? []), ...(at.oneOf ?? [])];
    if (at.items) parts.push(at.items);
    if (at.additionalProperties) parts.push(at.additionalProperties);
    if (at.properties ?? at.anyOf ?? at.oneOf) this.#places.set(idOf(at), [...(this.#places.get(idOf(at)) ?? []), at.description]);
    for (const part of parts) this.#count(part);
  }

  /** @param indent  of the line on which the type starts */
  #type(at, key, indent) {
    if (at.name !== undefined) return this.#apart(at, key);
    if (at.oneOf) return this.#name(at, `${kindOf(at, key)}Input`, () => this.#tagged(at, key));
    const hasMaps = at.properties ?? at.anyOf?.some(({ properties }) => properties);
    if (hasMaps && this.#places.get(idOf(at)).length > 1) return this.#name(at, `${pascal(key)}Input`, () => this.#plain(at, key, ''));
    return this.#plain(at, key, indent);
  }

  /** What can hold itself has a file of its own: the types of layers stand in layers.ts. */
  #apart(at, key) {
    const part = this.#part;
    this.#part = `${at.name}s`;
    const name = this.#name(at, `${kindOf(at, key)}Input`, () => this.#tagged(at, key));
    this.#part = part;
    return name;
  }

  #name(at, name, write) {
    const id = idOf(at);
    let known = this.#known.get(id);
    if (known === undefined) {
      const taken = this.named.some((other) => other.name === name);
      known = new Named(taken ? otherName(at, name) : name, this.#part, undefined);
      this.#known.set(id, known);
      known.body = { description: this.#isAlike(id) ? at.description : undefined, text: write() };
    } else if (known.part !== this.#part) known.part = 'shared';
    return known.name;
  }

  /** Whether the same is said of a shape wherever it stands. */
  #isAlike(id) {
    return new Set(this.#places.get(id)).size < 2;
  }

  #plain(at, key, indent) {
    if (at.enum ?? at.const) return joined((at.enum ?? [at.const]).map(literal), indent);
    if (at.anyOf) return this.#oneOfSome(at.anyOf, key, indent);
    if (at.items) return this.#list(at, key, indent);
    if (at.properties) return this.#map(at, indent);
    if (at.additionalProperties) return `Readonly<Record<string, ${this.#type(at.additionalProperties, key, indent)}>>`;
    if (at.prefixItems) return `readonly [${at.prefixItems.map((item) => this.#type(item, key, indent)).join(', ')}]`;
    if (at.form in TEMPLATES) return TEMPLATES[at.form];
    if (at.type === 'integer') return 'number';
    if (['string', 'number', 'boolean'].includes(at.type)) return at.type;
    throw new Error(`no type is known for ${JSON.stringify(at)}, at ${key}`);
  }

  #list({ items, minItems, maxItems }, key, indent) {
    const item = this.#type(items, key, `${indent}  `);
    if (minItems === maxItems && minItems !== undefined) return `readonly [${Array(minItems).fill(item).join(', ')}]`;
    if (item.startsWith('\n')) return `readonly (${item}\n${indent})[]`;
    return /^\w+$/.test(item) ? `readonly ${item}[]` : `readonly (${item})[]`;
  }

  /** Options of which a value is one. Where several are maps, one must not have the keys of another. */
  #oneOfSome(options, key, indent) {
    const maps = options.filter(({ properties }) => properties);
    const keys = maps.flatMap(({ properties }) => Object.keys(properties));
    const types = options.map((option) => {
      if (!option.properties || maps.length === 1) return this.#type(option, key, indent);
      const others = keys.filter((name) => !(name in option.properties));
      return this.#map(option, indent, others);
    });
    return joined([...new Set(types)], indent);
  }

  /** A union by `type`: bare words first, then maps. A variant that is the default, or known by another key, may leave its `type` out. */
  #tagged(at, key) {
    const kind = kindOf(at, key);
    const words = at.oneOf.filter(({ required }) => required?.join() === 'type').map(({ properties }) => literal(properties.type.const));
    const maps = at.oneOf.map((variant) => {
      const { type } = variant.properties;
      const isNeeded = type.const !== at.default?.type && variant.impliedBy === undefined;
      const required = (variant.required ?? []).filter((name) => name !== 'type' || isNeeded);
      return this.#name({ ...variant, required }, `${pascal(type.const)}${kind}`, () => this.#map({ ...variant, required }, ''));
    });
    return joined([...words, ...maps], '');
  }

  /** @param without  keys that it must not have */
  #map({ properties, required = [], exclusive = [] }, indent, without = []) {
    const inner = `${indent}  `;
    const line = (key) => {
      const child = properties[key];
      const type = this.#type(child, key, inner);
      const value = required.includes(key) ? type : orUndefined(type, inner);
      return `${key === 'type' ? '' : comment(child, inner)}${inner}${key}${required.includes(key) ? '' : '?'}:${value.startsWith('\n') ? '' : ' '}${value};\n`;
    };
    const never = (keys) => keys.map((key) => `${inner}${key}?: undefined;\n`).join('');
    const keys = Object.keys(properties).filter((key) => !exclusive.includes(key));
    const common = `{\n${keys.map(line).join('')}${never(without)}${indent}}`;
    if (exclusive.length === 0) return common;
    const choices = exclusive.map((key) => `{\n${line(key)}${never(exclusive.filter((other) => other !== key))}${indent}}`);
    return `${common} & (${choices.join(' | ')})`;
  }
}

/** Of what stands beside something of the same key: `BatchNormSettings`, in place of true. */
const otherName = (at, name) => (at.properties && name.endsWith('Input') ? name.replace(/Input$/, 'Settings') : `Tagged${name}`);

/** What the variants of a union are kinds of. */
const kindOf = (at, key) => VARIANT_NAMES[key] ?? pascal(at.name ?? key);

/** What a schema says of values, without what it says of their place; what can hold itself is known by its name. */
function idOf({ description: _description, default: ofPlace, ...at }) {
  if (typeof at.name === 'string') return at.name;
  return JSON.stringify([at, at.oneOf === undefined ? undefined : ofPlace?.type], (_, value) =>
    typeof value?.name === 'string' ? value.name : value,
  );
}

function orUndefined(type, indent) {
  return type.startsWith('\n') ? `${type}\n${indent}  | undefined` : joined([type, 'undefined'], indent);
}

/** A union on one line or, where that is too long, on a line each. */
function joined(types, indent) {
  const text = types.join(' | ');
  const isShort = (text.includes('\n') && !types.some((type) => type.startsWith('\n'))) || indent.length + text.length < WIDTH - 40;
  return isShort ? text : types.map((type) => (type.startsWith('\n') ? type : `\n${indent}  | ${type}`)).join('');
}

/** The comment that an editor shows on hover: what the key is for, its range and its default. */
export function comment({ description, default: value, ...at }, indent = '') {
  const facts = [rangeOf(at), defaultText(value)].filter((fact) => fact !== undefined);
  const text = [description === undefined ? undefined : sentence(description), ...facts].filter((part) => part !== undefined).join(' ');
  if (text === '') return '';
  // Paths of an object count from the working directory.
  const safe = text.replaceAll('relative to this file', 'relative to the working directory').replaceAll('*/', '*\\/');
  const lines = wrapped(safe, WIDTH - indent.length - 3);
  if (lines.length === 1 && indent.length + safe.length + 7 <= WIDTH) return `${indent}/** ${safe} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}

function wrapped(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

/** The range of a number, which a type does not tell. */
function rangeOf({ type, enum: words, minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  if ((type !== 'number' && type !== 'integer') || words !== undefined) return undefined;
  const bounds = [
    minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : `at least ${minimum}`,
    exclusiveMinimum === undefined ? undefined : `above ${exclusiveMinimum}`,
    maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : `at most ${maximum}`,
    exclusiveMaximum === undefined ? undefined : `below ${exclusiveMaximum}`,
  ].filter((bound) => bound !== undefined);
  if (type === 'integer') return `${['A whole number', ...bounds].join(', ')}.`;
  return bounds.length === 0 ? undefined : `${pascal(bounds.join(', '))}.`;
}

function defaultText(value) {
  if (value === undefined || (typeof value === 'object' && Object.keys(value).length === 0 && !Array.isArray(value))) return undefined;
  const word = value?.type !== undefined && Object.keys(value).length === 1 ? value.type : value;
  if (typeof word === 'string' && word !== '') return `Default: \`${word}\`.`;
  return `Default: \`${JSON.stringify(word)
    .replaceAll(/"(\w+)":/g, '$1: ')
    .replaceAll('"', "'")
    .replaceAll(/,(?=\S)/g, ', ')}\`.`;
}

function sentence(text) {
  return `${text}${/[.:]$/.test(text) ? '' : '.'}`;
}

export function pascal(words) {
  return words
    .split('_')
    .map((word) => `${word[0].toUpperCase()}${word.slice(1)}`)
    .join('');
}

const literal = (value) => (typeof value === 'string' ? `'${value}'` : String(value));
