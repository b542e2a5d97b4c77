/**
 * The part of ONNX's messages that gradloom writes and reads, as plain data. What a model may hold beside it (subgraphs, functions, sparse
 * tensors, data in other files) is refused when it is read. source: onnx/onnx.proto3 of ONNX 1.16.
 */
export interface OnnxModel {
  irVersion: number;
  producer: string;
  /** Version of the operators of the standard domain. */
  opset: number;
  graphName: string;
  nodes: OnnxNode[];
  /** By name. */
  initializers: Map<string, OnnxTensor>;
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  metadata: Record<string, string>;
}

export interface OnnxNode {
  name: string;
  op: string;
  /** '' for one that is left out. */
  inputs: string[];
  outputs: string[];
  attributes: Map<string, OnnxAttribute>;
  /** Byte of the file at which it begins; 0 in a model that was not read. */
  at: number;
}

export type OnnxAttribute =
  | { type: 'float'; value: number }
  | { type: 'int'; value: number }
  | { type: 'ints'; value: number[] }
  | { type: 'string'; value: string }
  | { type: 'tensor'; value: OnnxTensor };

export interface OnnxTensor {
  name: string;
  dims: readonly number[];
  /** f32 values, or int64 values that a number holds exactly; row-major. */
  values: Float32Array | number[];
}

export interface OnnxValue {
  name: string;
  type: 'float' | 'int64';
  /** A name stands for an extent that is not fixed. */
  dims: readonly (number | string)[];
}

/** TensorProto.DataType, where its values are read. */
export const DATA_TYPES = { float: 1, int64: 7 } as const;
/** AttributeProto.AttributeType of what is read. */
export const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, tensor: 4, ints: 7 } as const;

/** Numbers of the fields, by message. */
export const FIELDS = {
  model: { irVersion: 1, producer: 2, graph: 7, opset: 8, metadata: 14, training: 20, functions: 25 },
  opset: { domain: 1, version: 2 },
  entry: { key: 1, value: 2 },
  graph: { node: 1, name: 2, initializer: 5, input: 11, output: 12, sparse: 15 },
  node: { input: 1, output: 2, name: 3, op: 4, attribute: 5, domain: 7 },
  attribute: { name: 1, float: 2, int: 3, string: 4, tensor: 5, ints: 8, type: 20, reference: 21 },
  tensor: { dims: 1, type: 2, segment: 3, floats: 4, ints: 7, name: 8, raw: 9, external: 13, location: 14 },
  value: { name: 1, type: 2 },
  type: { tensor: 1 },
  tensorType: { element: 1, shape: 2 },
  shape: { dim: 1 },
  dim: { value: 1, name: 2 },
} as const;
