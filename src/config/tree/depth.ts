import { MAX_DEPTH } from '../text/parse.ts';

/** Whether lists and maps of plain data stand in each other more often than in any file of ours. */
export function isTooDeep(value: unknown, levels = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((child) => isTooDeep(child, levels - 1));
}
