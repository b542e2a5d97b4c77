/**
 * Whether a text is as a pattern says: `*` stands for any letters, `?` for one. Only the last star is ever tried again, so the time is at
 * most the product of both lengths, where a regular expression's grows with every star.
 */
export function matchesGlob(glob: string, text: string): boolean {
  let at = 0;
  let i = 0;
  /** The last star, and where the letters after those that it stands for begin. */
  let star = -1;
  let after = 0;
  while (i < text.length) {
    if (glob[at] === '*') {
      star = at++;
      after = i;
    } else if (at < glob.length && (glob[at] === '?' || glob[at] === text[i])) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++after;
    } else return false;
  }
  while (glob[at] === '*') at++;
  return at === glob.length;
}
