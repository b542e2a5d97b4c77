import { readdirSync } from 'node:fs';
import path from 'node:path';
import { type Outline, outline } from '../../config/schema/outline.ts';
import { bundledConfig, bundledNames } from '../../config/text/bundled.ts';
import { MAX_BYTES } from '../../config/text/source.ts';
import { GradloomError } from '../../errors.ts';
import { readOwnText } from '../../storage/read.ts';
import type { ConfigFile, KeyInfo } from '../work-protocol.ts';

const MOST_FILES = 500;
const MOST_ENTRIES = 20_000;
const DEPTH = 4;
/** What commands write, and what packages bring: no configs of the user's. */
const SKIPPED = new Set(['node_modules', 'runs', 'sweeps', 'speedups', 'dist']);
const MOST_CHOICES = 40;
const MOST_KEYS = 600;

/** Experiments, sweeps and comparisons below a directory, then those that come with gradloom. */
export function findConfigs(root: string): ConfigFile[] {
  const found: ConfigFile[] = [];
  let left = MOST_ENTRIES;
  const visit = (folder: string, depth: number): void => {
    for (const entry of entriesOf(path.join(root, folder))) {
      if (left-- <= 0 || found.length >= MOST_FILES) return;
      if (entry.name.startsWith('.') || SKIPPED.has(entry.name)) continue;
      const name = path.posix.join(folder, entry.name);
      if (entry.isDirectory() && depth > 0) visit(name, depth - 1);
      const kind = entry.isFile() && /\.ya?ml$/.test(entry.name) ? kindOf(path.join(root, name)) : undefined;
      if (kind !== undefined) found.push({ name, kind });
    }
  };
  visit('', DEPTH);
  const bundled = bundledNames().flatMap((name): ConfigFile[] => {
    const kind = kindOf(bundledConfig(name) ?? '');
    return kind === undefined || found.some((own) => own.name === `configs/${name}.yaml`) ? [] : [{ name, kind }];
  });
  return [...found, ...bundled];
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    // Not ours to look at: it offers nothing.
    return [];
  }
}

/** By the keys of its first level; undefined for any other YAML. */
function kindOf(file: string): ConfigFile['kind'] | undefined {
  let text: string;
  try {
    text = readOwnText(file, MAX_BYTES) ?? '';
  } catch (error) {
    if (error instanceof GradloomError) return undefined;
    throw error;
  }
  const has = (...keys: string[]): boolean => new RegExp(`^(?:${keys.join('|')}):`, 'm').test(text);
  if (has('parameters')) return 'sweep';
  if (has('base') && has('workers', 'work', 'repeats', 'batch_sizes', 'mode')) return 'speedup';
  return has('model', 'extends') ? 'train' : undefined;
}

/** The keys that an experiment may have, dotted, with what they take; of unions those of every variant. */
export function experimentKeys(): KeyInfo[] {
  const keys = new Map<string, KeyInfo>();
  /** What can hold itself, as a list of layers does, is told of once. */
  const told = new Set<Outline>();
  const visit = (at: Outline, key: string): void => {
    if (at.name !== undefined && told.has(at)) return;
    if (at.name !== undefined) told.add(at);
    for (const option of [...(at.oneOf ?? []), ...(at.anyOf ?? [])]) visit(option, key);
    for (const [name, child] of Object.entries(at.properties ?? {})) {
      const own = key === '' ? name : `${key}.${name}`;
      if (keys.size >= MOST_KEYS) return;
      const known = keys.get(own);
      const choices = [...new Set([...(known?.choices ?? []), ...choicesOf(child)])].slice(0, MOST_CHOICES);
      const description = known?.description || (child.description ?? '');
      keys.set(own, { key: own, type: known?.type || typeText(child), description, choices });
      visit(child, own);
    }
    if (at.items?.properties !== undefined || at.items?.oneOf !== undefined || at.items?.anyOf !== undefined) visit(at.items, `${key}.0`);
  };
  visit(outline, '');
  return [...keys.values()];
}

function choicesOf({ enum: words, const: only, anyOf = [], oneOf = [], type }: Outline): string[] {
  if (words !== undefined) return words.map(String);
  if (only !== undefined) return [String(only)];
  if (type === 'boolean') return ['true', 'false'];
  const tags = oneOf.flatMap(({ properties }) => properties?.['type']?.const ?? []);
  return [...tags.map(String), ...anyOf.flatMap(choicesOf)];
}

function typeText({ type, anyOf = [], oneOf = [] }: Outline): string {
  if (type !== undefined) return type;
  return [...new Set([...anyOf, ...oneOf].map(typeText))].filter((word) => word !== '').join(' or ');
}
