/** What a reader of a page does, block by block. */
export type Step =
  /** Saves a file under the name that stands before it. */
  | { kind: 'file'; name: string; text: string }
  /** Types lines whose output is not shown. */
  | { kind: 'script'; text: string }
  /** Types commands and sees what they print. */
  | { kind: 'session'; commands: { command: string; shown: string }[] };

/**
 * The code blocks of a page in their order: `sh` is typed, a block whose first line begins with `$` is a session, and any other one is the file
 * that the line before names as its last word: `name`, then a colon.
 *
 * @throws Error for a block that is none of these
 */
export function stepsOf(page: string): Step[] {
  return [...page.matchAll(/^([^\n]*)\n\n?```(\w*)\n(.*?)^```$/gms)].map(([, before = '', language, text = '']): Step => {
    if (language === 'sh') return { kind: 'script', text };
    if (text.startsWith('$ ')) return { kind: 'session', commands: commandsOf(text) };
    const [, name] = /`([\w.-]+)`:$/.exec(before) ?? [];
    if (name === undefined) throw new Error(`what is this block for?\n${before}\n${text}`);
    return { kind: 'file', name, text };
  });
}

function commandsOf(text: string): { command: string; shown: string }[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { command: part.slice(0, end), shown: part.slice(end + 1) };
    });
}

/**
 * Whether a command printed what a page shows: line by line, where `...` alone stands for any lines and at the end of a line for its rest,
 * and times, rates, ids of runs, the number of workers and their code may be others.
 *
 * @returns the first line shown that was not printed, undefined if all were
 */
export function differs(shown: string, printed: string): string | undefined {
  const lines = linesOf(printed);
  let at = 0;
  let isFree = false;
  for (const line of linesOf(shown)) {
    if (line === '...') {
      isFree = true;
      continue;
    }
    const found = isFree ? lines.findIndex((one, i) => i >= at && isShown(line, one)) : at;
    if (found < 0 || !isShown(line, lines[found])) return line;
    at = found + 1;
    isFree = false;
  }
  return isFree || at === lines.length ? undefined : `nothing more, but there is: ${lines[at]}`;
}

function isShown(line: string, printed: string | undefined): boolean {
  return line.endsWith(' ...') ? printed?.startsWith(line.slice(0, -' ...'.length)) === true : line === printed;
}

/** Behind the name of a run, a sweep or a speedup. */
const ID = /-\d{8}-\d{6}-[0-9a-f]{6}\b/g;

/** The lines of an output that are not empty, without what is another each time. */
function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) =>
      line
        .trimEnd()
        .replace(ID, '-ID')
        .replace(/\b(?:\d+m )?\d+(?:\.\d+)?m?s(?=$|[,;])/g, 'TIME')
        .replace(/\b\d[\d,]* samples\/s with \d+ workers?/, 'RATE')
        .replace(/^(workers|code) {2}.*/, '$1')
        .replace(/(finished .*) \d+\.\d$/, '$1 TIME')
        .replace(/\d+ workers?, [\w-]+$/, 'WORKERS')
        // The longest path decides how far to the right the origins of values stand.
        .replace(/ +# /, ' # '),
    )
    .filter((line) => line !== '');
}

/** What two reports of a speedup have in common: its rows and columns, and that there is a verdict. */
export function formOf(report: string): string {
  return report
    .split('\n')
    .filter((line) => !/^(?:sequential|\d+ workers?): |[█▒]/.test(line))
    .map((line) =>
      line
        .replace(/^(machine|time|verdict)\b.*/, '$1')
        .replace(ID, '-ID')
        .replace(/ {2,}(?:disturbed|no core)$/, '')
        .replace(/\b[0-9a-f]{8}\b/, '#')
        .replaceAll(/-?\d[\d,.]*/g, '#')
        .replaceAll(/ +/g, ' '),
    )
    .join('\n');
}
