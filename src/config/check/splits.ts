import { type Node, nodeAt, type Path } from '../text/node.ts';
import { isWholeFraction } from '../tree/plain.ts';
import type { View } from './view.ts';

const PARTS = ['train', 'val', 'test'] as const;
type Part = (typeof PARTS)[number];

/** Room for the rounding of decimal fractions that sum to one. */
const ROUNDING = 1e-9;

/** Counts are whole, and fractions leave room for each other. */
export function checkSplit(view: View, root: Node): void {
  const whole = PARTS.filter((part) => isWholeFraction(nodeAt(root, pathOf(part))));
  let sum = 0;
  let last: Path | undefined;
  for (const part of PARTS) {
    const path = pathOf(part);
    const share = view.number(path);
    if (share === undefined || whole.includes(part)) continue;
    if (share > 1 && !Number.isInteger(share)) {
      view.report('E_CONFIG_INTEGER', path, `not an integer; got ${share}; expected a count of 1 or more, or a fraction below 1`);
    } else if (share < 1) {
      sum += share;
      if (share > 0 && view.given(path)) last = path;
    }
  }
  const [first] = whole;
  if (first !== undefined) checkWhole(view, first, whole);
  else if (last !== undefined && sum > 1 + ROUNDING) {
    view.report('E_CONFIG_RANGE', last, `the fractions of data.split sum to ${Number(sum.toPrecision(6))}; expected at most 1`);
  }
}

/** 1.0 is every row, so the other parts must be empty or have rows of their own. */
function checkWhole(view: View, part: Part, whole: readonly Part[]): void {
  const ownTest = view.given(['data', 'source', 'test_images']);
  if (part === 'test' && ownTest) return;
  const sharers = PARTS.filter((other) => other !== part && !(ownTest && other === 'test'));
  const left = sharers.filter((other) => whole.includes(other) || view.value(pathOf(other)) !== 0);
  if (left.length === 0) return;
  const others = left.map((other) => `${other} (${whole.includes(other) ? '1.0' : String(view.value(pathOf(other)))})`).join(' and ');
  const instead =
    part === 'train' ? `rest, or ${left.map((other) => `${other}: 0`).join(' and ')}` : 'a fraction below 1, or 1 for one row';
  view.report('E_CONFIG_RANGE', pathOf(part), `1.0 is every row, which leaves none for ${others}; expected ${instead}`);
}

function pathOf(part: Part): Path {
  return ['data', 'split', part];
}
