/** Deeper values are not taken: whoever walks them recurses. */
export const MAX_DEPTH = 64;

/** Whether lists and maps of plain data stand in each other no more often than in any file of ours. */
export function isShallow(value: unknown, levels = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1));
}
