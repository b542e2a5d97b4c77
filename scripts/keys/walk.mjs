// The keys of a kind of file, section by section, as its schema has them.

/**
 * @typedef {object} Key
 * @property {string} id     with the type that it belongs to: `optimizer{sgd}.momentum`
 * @property {string} name   as overrides write it: `optimizer.momentum`
 * @property {object} at     what the schema says of it
 * @property {boolean} isRequired
 * @property {Step[]} trail  from the root to the key
 *
 * @typedef {object} Step
 * @property {string} key        `0` in a list, `<key>` where names are free
 * @property {object} at
 * @property {object} [variant]  the map that the value is, among several
 *
 * @typedef {object} Type
 * @property {string} id       `optimizer{sgd}`
 * @property {string} word
 * @property {object} variant
 * @property {Step[]} trail
 *
 * @typedef {object} Section
 * @property {string} title
 * @property {number} depth    0 for the file itself
 * @property {object} at
 * @property {Type[]} types    of a union by `type`
 * @property {Key[]} keys
 */

/**
 * @param {object} outline  of the file
 * @returns {Section[]} the file's own keys first, then those of each map in it; equal ones once
 */
export function sectionsOf(outline, title) {
  const seen = new Set();
  return ofMap(outline, { title, id: '', name: '', trail: [], depth: 0, named: new Set() }).filter((section) => {
    const text = textOf([section.title, section.keys.map(({ name, at }) => [name, at])]);
    if (seen.has(text) || (section.keys.length === 0 && section.types.length === 0)) return false;
    seen.add(text);
    return true;
  });
}

/** A map and the maps in it, without the keys that were told of already. */
function ofMap(map, { title, id, name, trail, depth, named, told = [] }) {
  const keys = Object.entries(map.properties ?? {})
    .filter(([key, child]) => !told.includes(key) && !(key === 'type' && child.const !== undefined))
    .map(([key, child]) => keyOf(key, child, map, { id, name, trail }));
  return [{ title, depth, at: map, types: [], keys }, ...keys.flatMap((key) => inside(key.at, { ...key, depth: depth + 1, named }))];
}

function keyOf(key, at, map, { id, name, trail }) {
  const isRequired = (map.required ?? []).includes(key);
  return { id: joined(id, key), name: joined(name, key), at, isRequired, trail: [...trail, { key, at }] };
}

/**
 * What may stand at a key: a map, one of several, a list or a map of free names that holds such.
 *
 * @param {Set<object>} named  what can hold itself and was told of
 */
function inside(at, { id, name, trail, depth, named }) {
  const here = { id, name, trail, depth, named };
  if (at.name !== undefined && named.has(at)) return [];
  if (at.name !== undefined) named.add(at);
  if (at.properties !== undefined) return ofMap(at, { ...here, title: name });
  if (at.oneOf !== undefined) return ofUnion(at, here);
  const maps = (at.anyOf ?? []).filter((option) => option.properties !== undefined && !isShort(option));
  if (maps.length > 0) return maps.flatMap((map) => ofMap(map, { ...here, title: name, trail: withVariant(trail, map) }));
  const [key, held] = at.items === undefined ? ['<key>', at.additionalProperties || {}] : ['0', at.items];
  return held.properties || held.oneOf
    ? inside(held, { id: `${id}.${key}`, name: `${name}.${key}`, trail: [...trail, { key, at: held }], depth, named })
    : [];
}

/** The variants of a union by `type`: first the keys that all have, then those of each. */
function ofUnion(at, { id, name, trail, depth, named }) {
  const types = at.oneOf.map((variant) => {
    const word = variant.properties.type.const;
    return { id: `${id}{${word}}`, word, variant, trail: withVariant(trail, variant) };
  });
  const [first, ...others] = at.oneOf;
  const told = Object.keys(first.properties).filter(
    (key) => key !== 'type' && others.length > 0 && others.every(({ properties }) => isSame(properties[key], first.properties[key])),
  );
  const usual = at.oneOf.find((variant) => variant.properties.type.const === at.default?.type) ?? first;
  const keys = told.map((key) => keyOf(key, first.properties[key], first, { id, name, trail: withVariant(trail, usual) }));
  return [
    { title: name, depth, at, types, keys },
    ...keys.flatMap((key) => inside(key.at, { ...key, depth: depth + 1, named })),
    ...types.flatMap((type) => ofMap(type.variant, { ...type, title: `${name}, type: ${type.word}`, name, depth: depth + 1, named, told })),
  ];
}

function withVariant(trail, variant) {
  return [...trail.slice(0, -1), { ...trail.at(-1), variant }];
}

/** A map of one key that must be there, which the key above it explains in a word: `{epochs: n}`. */
export function isShort(map) {
  const keys = Object.keys(map.properties);
  return keys.length === 1 && (map.required ?? []).includes(keys[0]);
}

/** What can hold itself stands as its name. */
const textOf = (value) =>
  JSON.stringify(value, (_, one) => (typeof one?.name === 'string' && (one.oneOf ?? one.anyOf) !== undefined ? one.name : one));
const isSame = (one, other) => textOf(one) === textOf(other);
const joined = (path, key) => (path === '' ? key : `${path}.${key}`);
