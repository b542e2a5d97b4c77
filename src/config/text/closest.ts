import leven from 'leven';
import { printable } from '../../errors.ts';

const MAX_LISTED = 15;

/** The closest of some words to one that is misspelt; undefined if none is close. */
export function closest(word: string, words: readonly string[]): string | undefined {
  // Two letters swapped count as two changes: `rleu` must find `relu`.
  const far = Math.min(3, Math.floor(word.length / 4) + 1) + 1;
  let best: string | undefined;
  let least = far;
  for (const candidate of words) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const distance = leven(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** One word as it is, several as a choice. */
export function oneOf(words: readonly (string | number | boolean)[]): string {
  return words.length === 1 ? listed(words) : `one of ${listed(words)}`;
}

/** Words of a closed list; long lists are cut. */
export function listed(words: readonly (string | number | boolean)[]): string {
  const shown = words.slice(0, MAX_LISTED).map((word) => printable(String(word), 80));
  return words.length > MAX_LISTED ? `${shown.join(', ')}, ...` : shown.join(', ');
}
