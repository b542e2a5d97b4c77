import { existsSync } from 'node:fs';
import path from 'node:path';
import { printable } from '../../errors.ts';
import { FOLDER } from './bundled.ts';
import { readText } from './read.ts';

const MODELINE = /^#\s*yaml-language-server:\s*\$schema=(?<schema>\S+)/;
const ELSEWHERE = /^[a-z][a-z\d+.-]+:/i;

/**
 * Editors look for a file's schema from the folder that the file is in: a copy of a file that comes with gradloom may point to none.
 *
 * @param file  one that was read before
 * @returns the line that works where the file is now; undefined if nothing is wrong
 */
export function schemaNotice(file: string): string | undefined {
  const lines = readText(file).split(/\r?\n/);
  const at = lines.findIndex((line) => MODELINE.test(line));
  const schema = MODELINE.exec(lines[at] ?? '')?.groups?.['schema'];
  const folder = path.dirname(path.resolve(file));
  if (schema === undefined || ELSEWHERE.test(schema) || existsSync(path.resolve(folder, schema))) return undefined;
  const ours = path.join(FOLDER, 'schema', path.basename(schema));
  if (!existsSync(ours)) return undefined;
  const there = path.relative(folder, ours).replaceAll('\\', '/');
  const line = `# yaml-language-server: $schema=${there.startsWith('.') ? there : `./${there}`}`;
  return `${printable(file, 500)}:${at + 1}: editors find no schema at ${printable(schema, 500)}; this line works here: ${line}`;
}
