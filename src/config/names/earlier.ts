/** Defaults that changed: what a file of an earlier version means where it says nothing. */
const EARLIER: ReadonlyMap<unknown, Readonly<Record<string, unknown>>> = new Map([[1, { 'data.normalize': 'none' }]]);

/** An experiment's plain values, with the defaults of the version that it says it is of. */
export function withEarlierDefaults(value: unknown): unknown {
  if (!isMap(value)) return value;
  return Object.entries(EARLIER.get(value['version']) ?? {}).reduce(
    (all: unknown, [key, given]) => withDefault(all, key.split('.'), given),
    value,
  );
}

function withDefault(value: unknown, [key, ...rest]: readonly string[], given: unknown): unknown {
  if (!isMap(value) || key === undefined) return value;
  if (rest.length === 0) return Object.hasOwn(value, key) ? value : { ...value, [key]: given };
  return Object.hasOwn(value, key) ? { ...value, [key]: withDefault(value[key], rest, given) } : value;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
