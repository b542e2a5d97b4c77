import { GradloomError, printable } from '../../../errors.ts';
import type { Shape } from '../../../graph/shape.ts';
import { nodeName } from '../decode.ts';
import type { OnnxNode } from '../proto.ts';

/** A value on its way through a graph: f32 numbers, or whole ones. */
export interface OnnxArray {
  dims: Shape;
  values: Float32Array | number[];
}

/** Computes what a node makes. */
export type Operator = (inputs: OnnxArray[], node: OnnxNode) => OnnxArray;

export function nodeError(node: OnnxNode, message: string): GradloomError {
  return new GradloomError({ code: 'E_ONNX', where: printable(`node ${nodeName(node)}`), message: printable(message, 500) });
}

export type Values = OnnxArray['values'];

export const at = (values: Values | readonly number[], i: number): number => values[i] as number;

export function given(input: OnnxArray | undefined, node: OnnxNode): OnnxArray {
  if (input === undefined) throw nodeError(node, 'an input is missing');
  return input;
}
