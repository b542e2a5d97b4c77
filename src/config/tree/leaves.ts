/** A value of a config that has no keys of its own; an empty list or map stands as its text. */
export type Leaf = string | number | boolean | null;

/** The leaves of a config by dotted path, in its order: `model.layers.0.units`. */
export function leavesOf(value: unknown): Record<string, Leaf> {
  const leaves: Record<string, Leaf> = {};
  collect(value, '', leaves);
  return leaves;
}

function collect(value: unknown, path: string, leaves: Record<string, Leaf>): void {
  if (typeof value !== 'object' || value === null) {
    if (path !== '') leaves[path] = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
    return;
  }
  const children = Object.entries(value);
  if (children.length === 0 && path !== '') leaves[path] = Array.isArray(value) ? '[]' : '{}';
  for (const [key, child] of children) collect(child, path === '' ? key : `${path}.${key}`, leaves);
}
