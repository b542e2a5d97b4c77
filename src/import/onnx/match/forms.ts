import { elements, equalShapes, type Shape } from '../../../graph/shape.ts';
import { channelsFirst } from '../../../graph/window.ts';
import { axesOf, intOf, intsOf } from '../attributes.ts';
import type { OnnxNode } from '../proto.ts';
import type { Chain } from './chain.ts';
import type { ImportedReshape } from './layer-types.ts';

/** Operators that only change how a row is seen. */
export const FORMS = ['Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'Transpose'];

/** How a row is seen. */
export interface Form {
  /** Channels first. */
  shape: number[];
  /** Pictures whose channels were brought to the end. */
  isLast: boolean;
  /** Of a flat row that counts such pictures place by place their shape, channels first. */
  flattened: number[] | undefined;
}

/** A form that a chain goes through, with the nodes that lead there. */
export interface FormMatch {
  nodes: OnnxNode[];
  form: Form;
  /** The layer that it takes; undefined where it goes without saying. */
  layer: ImportedReshape | undefined;
}

/**
 * The form that a node gives a row.
 *
 * @param from     how the row is seen before it; undefined where the file leaves that open
 * @param isInput  whether no layer stands before it
 * @throws GradloomError E_ONNX where it mixes rows, or is no form that gradloom has
 */
export function matchForm(chain: Chain, node: OnnxNode, from: Form | undefined, isInput: boolean): FormMatch {
  if (from === undefined) throw chain.fail(node, 'a row of open extents; expected a fixed input shape');
  if (node.op === 'Transpose') return transposed(chain, node, from, isInput);
  const seen = from.isLast ? [...from.shape.slice(1), from.shape[0] as number] : from.shape;
  const shape = shapeAfter(chain, node, seen);
  const same = (form: Form, layer?: ImportedReshape): FormMatch => ({ nodes: [node], form, layer });
  if (equalShapes(shape, seen)) return same(from);
  if (shape.length === 1) return same({ shape, isLast: false, flattened: from.isLast ? from.shape : from.flattened });
  const bare = (extents: Shape): Shape => extents.filter((extent) => extent !== 1);
  // One channel need not be told.
  if (isInput && from.shape.length === shape.length - 1 && equalShapes(shape, [1, ...from.shape]))
    return same({ shape, isLast: false, flattened: undefined });
  if (from.shape.length > 1 && !(isInput && equalShapes(bare(shape), bare(from.shape)))) {
    throw chain.fail(node, `makes [${shape.join(', ')}] of pictures of [${seen.join(', ')}]`);
  }
  if (from.isLast || shape.length > 3) throw chain.fail(node, `makes [${shape.join(', ')}] of a row; expected [C, H, W] or [C, L]`);
  // Values that lie place by place are brought in the order of channels next.
  const next = chain.reader(node.outputs[0] as string, 'Transpose');
  if (next !== undefined && isToFirst(next, shape.length)) {
    const ordered = [...channelsFirst(shape)];
    return {
      nodes: [node, next],
      form: { shape: ordered, isLast: false, flattened: undefined },
      layer: { type: 'reshape', shape: ordered, channels: 'last' },
    };
  }
  return same({ shape, isLast: false, flattened: undefined }, { type: 'reshape', shape });
}

/** [N, H, W, C] as [N, C, H, W] where data come so; the way back where it ends in a flat row. */
function transposed(chain: Chain, node: OnnxNode, { shape, isLast }: Form, isInput: boolean): FormMatch {
  if (shape.length > 1 && isToFirst(node, shape.length) && (isLast || isInput)) {
    if (isLast) return { nodes: [node], form: { shape, isLast: false, flattened: undefined }, layer: undefined };
    const ordered = [...channelsFirst(shape)];
    return {
      nodes: [node],
      form: { shape: ordered, isLast: false, flattened: undefined },
      layer: { type: 'reshape', shape: ordered, channels: 'last' },
    };
  }
  if (shape.length > 1 && !isLast && isToLast(node, shape.length))
    return { nodes: [node], form: { shape, isLast: true, flattened: undefined }, layer: undefined };
  throw chain.fail(
    node,
    `perm is [${intsOf(node, 'perm')?.join(', ') ?? ''}]; expected channels brought to the front of pictures, or to their end`,
  );
}

const isToFirst = (node: OnnxNode, axes: number): boolean =>
  equalShapes(intsOf(node, 'perm') ?? [], [0, axes, ...Array.from({ length: axes - 1 }, (_, i) => i + 1)]);
const isToLast = (node: OnnxNode, axes: number): boolean =>
  equalShapes(intsOf(node, 'perm') ?? [], [0, ...Array.from({ length: axes - 1 }, (_, i) => i + 2), 1]);

/** The shape of a row behind a node. */
function shapeAfter(chain: Chain, node: OnnxNode, shape: Shape): number[] {
  const count = elements(shape);
  const axesIn = (rank: number): number[] => axesOf(node, chain.constant(node.inputs[1]), rank).toSorted((a, b) => a - b);
  switch (node.op) {
    case 'Flatten': {
      const axis = intOf(node, 'axis', 1);
      if (axis !== 1 && axis !== -shape.length) throw chain.fail(node, `axis ${axis}, expected 1`);
      return [count];
    }
    case 'Squeeze': {
      const axes = axesIn(shape.length + 1);
      if (axes.length === 0 || !axes.every((axis) => axis > 0 && shape[axis - 1] === 1))
        throw chain.fail(node, `removes the axes [${axes.join(', ')}] of rows of [${shape.join(', ')}]`);
      return shape.filter((_, axis) => !axes.includes(axis + 1));
    }
    case 'Unsqueeze': {
      const axes = axesIn(shape.length + 2);
      if (axes.length !== 1 || axes[0] !== 1) throw chain.fail(node, `adds the axes [${axes.join(', ')}]; expected 1, a channel`);
      return [1, ...shape];
    }
    default: {
      const wanted = Array.from(chain.constant(node.inputs[1])?.values ?? []);
      const [rows, ...each] = wanted;
      const isRow = rows === 0 || rows === -1 || each.includes(-1);
      if (!isRow || each.length === 0) throw chain.fail(node, 'reshapes to something else than rows');
      const known = each.map((extent, axis) => (extent === 0 ? (shape[axis] ?? 0) : extent));
      const rest = count / Math.abs(elements(known));
      const filled = known.map((extent) => (extent === -1 ? rest : extent));
      if (elements(filled) !== count || !filled.every((extent) => Number.isInteger(extent) && extent > 0)) {
        throw chain.fail(node, `reshapes rows of [${shape.join(', ')}] to [${each.join(', ')}]`);
      }
      return filled;
    }
  }
}
