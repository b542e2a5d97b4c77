import { printable } from '../errors.ts';

/** Whether a word means itself in every shell. */
const PLAIN = /^[\w./@+:,][\w./@%+=:,-]*$/;

/** A path or value as it can be pasted into a shell, whatever it holds. */
export function shellWord(text: string): string {
  // As an option it would be misread, too.
  const word = text.startsWith('-') ? `./${text}` : text;
  if (PLAIN.test(word)) return word;
  if (process.platform === 'win32') return `"${word}"`;
  if (printable(word, Number.POSITIVE_INFINITY) === word) return `'${word.replaceAll("'", `'\\''`)}'`;
  // What could be neither printed nor typed is written byte by byte, as bash, zsh and ksh read it.
  const bytes = [...Buffer.from(word)].map((byte) => {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c;
    return isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `$'${bytes.join('')}'`;
}

/** A command of gradloom with its words quoted where a shell needs it: `gradloom resume 'my runs/a'`. */
export function commandOf(verb: string, ...words: readonly string[]): string {
  return ['gradloom', verb, ...words.map(shellWord)].join(' ');
}
