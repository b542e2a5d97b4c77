import { printable } from '../../errors.ts';
import { type Outline, variantsOf } from '../schema/outline.ts';
import type { Node, Path, ScalarNode } from '../text/node.ts';

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const PAIR = /^\(?\s*(\d+)\s*[x×*,]\s*(\d+)\s*\)?$/;
const NUMBER_TYPES: readonly (string | undefined)[] = ['number', 'integer'];

/** What to write in place of a value of the wrong type. */
export function typeHint(at: Outline | undefined, node: Node, path: Path): string | undefined {
  const options = at?.anyOf ?? (at === undefined ? [] : [at]);
  if (node.kind === 'list') return path.at(-1) === 'units' ? unitsHint(node.items) : undefined;
  if (node.kind === 'map') return undefined;
  if (node.value === null) return 'leave the key out for its default';
  if (typeof node.value === 'number' && variantsOf(at)?.has('dense') === true) return `write {type: dense, units: ${node.value}}`;
  if (typeof node.value !== 'string')
    return options.some((option) => option.type === 'string') ? `write "${printable(node.raw, 80)}" for text` : undefined;
  if (options.some((option) => option.type === 'boolean')) return booleanHint(node, node.value);
  return numberHint(options, node, node.value) ?? pairHint(options, node.value);
}

/** For `3x3` and `(3, 3)` where two numbers may stand. */
function pairHint(options: readonly Outline[], value: string): string | undefined {
  const [, first, second] = PAIR.exec(value) ?? [];
  const takesPairs = options.some(({ items, minItems, maxItems }) => items !== undefined && minItems === 2 && maxItems === 2);
  return takesPairs && first !== undefined && second !== undefined ? `write [${first}, ${second}]` : undefined;
}

/** For text that would be a number, written otherwise. */
export function numberHint(options: readonly Outline[], node: ScalarNode, value: string): string | undefined {
  if (!options.some((option) => NUMBER_TYPES.includes(option.type))) return undefined;
  if (NUMBER.test(value)) return node.raw === value ? undefined : `remove the ${node.raw.startsWith('!!') ? 'tag' : 'quotes'}`;
  if (isSeveral(node)) return undefined;
  for (const [mark, replacement] of [
    ['_', ''],
    [' ', ''],
    ["'", ''],
    [',', '.'],
  ] as const) {
    const plain = value.replaceAll(mark, replacement);
    if (plain !== value && NUMBER.test(plain)) return `write ${plain}`;
  }
  return undefined;
}

/** The command for an argument that lists values of a key, as only a sweep may: `optimizer.lr=0.1,0.2`. */
export function sweepHint(node: Node | undefined): string | undefined {
  if (node === undefined || !isSeveral(node)) return undefined;
  return `to try each of the values: gradloom sweep FILE ${printable(node.place.source.text)}`;
}

function isSeveral(node: Node): boolean {
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || node.place.source.kind !== 'command line') return false;
  return node.raw === node.value && /^[^,]+(?:,[^,]+)+$/.test(node.value);
}

function unitsHint(items: readonly Node[]): string {
  const sizes = items.slice(0, 3).map((item) => (item.kind === 'scalar' ? printable(item.raw, 20) : 'N'));
  const layers = sizes.map((size) => `{type: dense, units: ${size}}`).join(', ');
  return `write a layer for each: model.layers: [${layers}${items.length > sizes.length ? ', ...' : ''}]`;
}

function booleanHint(node: ScalarNode, value: string): string | undefined {
  const word = value.toLowerCase();
  const cure = node.raw.startsWith('!!') ? 'tag' : 'quotes';
  if (['yes', 'on', 'y', 'true'].includes(word)) return node.raw === value ? 'write true' : `remove the ${cure} and write true`;
  if (['no', 'off', 'n', 'false'].includes(word)) return node.raw === value ? 'write false' : `remove the ${cure} and write false`;
  return undefined;
}
