import type { OnnxNode } from '../proto.ts';
import type { Chain } from './chain.ts';
import { FORMS } from './forms.ts';

/** Operators that change nothing outside of training. */
export const IDLE = ['Identity', 'Dropout'];

/** A sum that adds what went into a block of layers. */
export interface BlockEnd {
  sum: OnnxNode;
  /** The convolution of 1x1 that the input goes through on its way there. */
  projection: OnnxNode | undefined;
  /** The tensor that is added to what the layers make. */
  shortcut: string;
}

/**
 * Where the layers end whose input is a tensor: at the last sum of it, as it is or through a convolution of 1x1, with something else that is
 * computed.
 *
 * @param names  of the tensor
 * @param open   sums of blocks that are known already
 */
export function blockFrom(chain: Chain, names: readonly string[], open: ReadonlySet<OnnxNode>): BlockEnd | undefined {
  const found: BlockEnd[] = [];
  for (const name of names) {
    for (const node of chain.readersOf(name)) {
      if (isSum(chain, node, open)) found.push({ sum: node, projection: undefined, shortcut: name });
      else if (isProjection(chain, node, name)) found.push(...projectedEnds(chain, node, names, open));
    }
  }
  const place = ({ sum }: BlockEnd): number => chain.model.nodes.indexOf(sum);
  return found.reduce<BlockEnd | undefined>((last, end) => (last === undefined || place(end) >= place(last) ? end : last), undefined);
}

/** Of two tensors that are computed. */
function isSum(chain: Chain, node: OnnxNode, open: ReadonlySet<OnnxNode>): boolean {
  return node.op === 'Add' && !open.has(node) && !chain.isUsed(node) && node.inputs.every((name) => chain.constant(name) === undefined);
}

function isProjection(chain: Chain, node: OnnxNode, x: string): boolean {
  const [, , ...kernel] = chain.constant(node.inputs[1])?.dims ?? [];
  return node.op === 'Conv' && node.inputs[0] === x && !chain.isUsed(node) && kernel.length > 0 && kernel.every((extent) => extent === 1);
}

/** Sums that read a convolution, or the norm behind it, beside something that is not the block's input itself. */
function projectedEnds(chain: Chain, projection: OnnxNode, names: readonly string[], open: ReadonlySet<OnnxNode>): BlockEnd[] {
  const made = projection.outputs[0] as string;
  const norm = chain.reader(made, 'BatchNormalization');
  const shortcut = norm?.outputs[0] ?? made;
  return chain
    .readersOf(shortcut)
    .filter((node) => isSum(chain, node, open) && !node.inputs.some((name) => names.includes(name)))
    .map((sum) => ({ sum, projection, shortcut }));
}

/** Whether a tensor is read by one of these operators, past those that change no number. */
export function leadsTo(chain: Chain, tensor: string, operators: readonly string[]): boolean {
  const reached = new Set([tensor]);
  // What is added meanwhile is visited too.
  for (const name of reached) {
    for (const { op, outputs } of chain.readersOf(name)) {
      if (operators.includes(op)) return true;
      if (FORMS.includes(op) || IDLE.includes(op)) reached.add(outputs[0] as string);
    }
  }
  return false;
}
