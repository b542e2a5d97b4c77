import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What GNU as made of instructions: a line each, code and text, recorded by scripts/check-encodings.mjs. */
export const TABLE = fileURLToPath(new URL('../../../../test/native/assembler/encodings.txt', import.meta.url));

export interface Recorded {
  /** The instruction in Intel's syntax. */
  text: string;
  /** Its machine code in hex. */
  code: string;
}

export function writeTable(lines: readonly Recorded[]): void {
  writeFileSync(TABLE, lines.map(({ text, code }) => `${code}\t${text}\n`).join(''));
}

export function readTable(): Recorded[] {
  return readFileSync(TABLE, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [code = '', text = ''] = line.split('\t');
      return { code, text };
    });
}
