/** A value of a config that has no keys of its own; an empty list or map stands as its text. */
export type ConfigValue = string | number | boolean | null;

/** The values of a config by dotted path, in its order: `model.layers.0.units`. */
export function configValues(value: unknown): Record<string, ConfigValue> {
  const values: Record<string, ConfigValue> = {};
  collect(value, '', values);
  return values;
}

function collect(value: unknown, path: string, values: Record<string, ConfigValue>): void {
  if (typeof value !== 'object' || value === null) {
    if (path !== '') values[path] = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
    return;
  }
  const children = Object.entries(value);
  if (children.length === 0 && path !== '') values[path] = Array.isArray(value) ? '[]' : '{}';
  for (const [key, child] of children) collect(child, path === '' ? key : `${path}.${key}`, values);
}
