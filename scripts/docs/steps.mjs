// The commands of a page, and what it shows of their output.

/**
 * @typedef {object} Step
 * @property {string} command
 * @property {string} [shown]  undefined where a page shows the command alone
 */

/**
 * The lines of `sh` blocks, and of blocks that begin with `$` the commands with what they print.
 *
 * @param {string} page
 * @returns {Step[]}
 */
export function stepsOf(page) {
  return [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, language, text]) => {
    if (text.startsWith('$ ')) {
      const parts = text.split(/^\$ /m).slice(1);
      return parts.map((part) => ({ command: part.slice(0, part.indexOf('\n')), shown: part.slice(part.indexOf('\n') + 1) }));
    }
    if (language !== 'sh') return [];
    return text
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .map((line) => line.replace(/(?:^|\s+)# .*$/, '').trim())
      .filter((line) => line !== '')
      .map((command) => ({ command }));
  });
}
