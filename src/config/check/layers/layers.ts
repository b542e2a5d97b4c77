import { listProblems } from '../../layers/written-out.ts';
import type { Node } from '../../text/node.ts';
import type { View } from '../../tree/view.ts';
import { checkEntry } from './entry.ts';
import { checkFlow, outputsIn } from './flow.ts';
import { entriesIn, listsIn } from './lists.ts';

/** Rules between the keys of a layer, between a layer and the one before it, and of how lists of layers hold each other. */
export function checkLayers(view: View, root: Node): void {
  const lists = listsIn(root);
  for (const { path } of entriesIn(lists)) checkEntry(view, path);
  const problems = listProblems(lists);
  for (const { code, path, message, next } of problems) view.report(code, path, message, path, next);
  if (problems.length === 0) checkFlow(view, lists);
}

/** Values that the last layer gives; undefined where only the data tells. */
export function modelOutputs(view: View, root: Node): number | undefined {
  const lists = listsIn(root);
  return listProblems(lists).length === 0 ? outputsIn(view, lists) : undefined;
}
