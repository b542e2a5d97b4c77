// Which code does a run come to? Reads what V8 writes into the folder NODE_V8_COVERAGE.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * What all processes and threads of a run have executed.
 *
 * @returns by file of `root`, the parts of its text that were: [start, end, start, end, ...]
 */
export function coverageIn(folder, root) {
  const painted = new Map();
  const base = pathToFileURL(`${root}/dist/src/`).href;
  for (const name of readdirSync(folder)) {
    for (const { url, functions } of scriptsIn(path.join(folder, name))) {
      if (!url.startsWith(base)) continue;
      // Ranges within ranges come later, functions within functions, too.
      const length = Math.max(...functions.flatMap(({ ranges }) => ranges.map(({ endOffset }) => endOffset)));
      const once = new Uint8Array(length);
      for (const { ranges } of functions)
        for (const { startOffset, endOffset, count } of ranges) once.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      const file = `dist/src/${url.slice(base.length)}`;
      const before = painted.get(file);
      if (before === undefined) painted.set(file, once);
      else for (let i = 0; i < length; i++) before[i] |= once[i];
    }
  }
  return Object.fromEntries([...painted].map(([file, covered]) => [file, edgesOf(covered)]));
}

function scriptsIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).result;
  } catch (error) {
    // A process that was killed while it wrote.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function edgesOf(covered) {
  const edges = [];
  for (let i = 0; i <= covered.length; i++) if ((covered[i] ?? 0) !== (covered[i - 1] ?? 0)) edges.push(i);
  return edges;
}

/** Whether the text at an offset was executed. */
export function isCovered(edges, offset) {
  let before = 0;
  while (before < edges.length && edges[before] <= offset) before++;
  return before % 2 === 1;
}
