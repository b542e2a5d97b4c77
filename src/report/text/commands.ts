/** First words of our commands, by which a text's commands are known. */
export const VERBS = [
  'init',
  'train',
  'check',
  'data',
  'resume',
  'extend',
  'verify',
  'evaluate',
  'predict',
  'serve',
  'export',
  'runs',
  'compare',
  'diff',
  'report',
  'sweep',
  'agent',
  'speedup',
  'ui',
  'schema',
  'completion',
  'cache',
  'doctor',
  '--help',
] as const;

const COMMAND = new RegExp(`(?<![\\w./'-])gradloom (?=(?:${VERBS.join('|')})(?![\\w-]))`, 'g');

/**
 * A text with commands as they can be typed where gradloom was started as `program`: `npx gradloom resume runs/a`.
 *
 * @param program  undefined leaves them as they are
 */
export function spellCommands(text: string, program: string | undefined): string {
  return program === undefined ? text : text.replace(COMMAND, () => `${program} `);
}
