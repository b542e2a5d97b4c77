import { PbfWriter } from 'pbf';
import {
  ATTRIBUTE_TYPES,
  DATA_TYPES,
  FIELDS,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from '../../import/onnx/proto.ts';

/** A model as a file of ONNX: fields in the order of their numbers, tensors as little-endian bytes. The same model gives the same bytes. */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  const f = FIELDS.model;
  const pbf = new PbfWriter();
  pbf.writeVarintField(f.irVersion, model.irVersion);
  pbf.writeStringField(f.producer, model.producer);
  pbf.writeMessage(f.graph, writeGraph, model);
  pbf.writeMessage(f.opset, writeOpset, model);
  for (const entry of Object.entries(model.metadata)) pbf.writeMessage(f.metadata, writeEntry, entry);
  return pbf.finish();
}

function writeOpset({ opset }: OnnxModel, pbf: PbfWriter): void {
  pbf.writeStringField(FIELDS.opset.domain, '');
  pbf.writeVarintField(FIELDS.opset.version, opset);
}

function writeEntry([key, value]: [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(FIELDS.entry.key, key);
  pbf.writeStringField(FIELDS.entry.value, value);
}

function writeGraph({ nodes, graphName, initializers, inputs, outputs }: OnnxModel, pbf: PbfWriter): void {
  const f = FIELDS.graph;
  for (const node of nodes) pbf.writeMessage(f.node, writeNode, node);
  pbf.writeStringField(f.name, graphName);
  for (const tensor of initializers.values()) pbf.writeMessage(f.initializer, writeTensor, tensor);
  for (const value of inputs) pbf.writeMessage(f.input, writeValue, value);
  for (const value of outputs) pbf.writeMessage(f.output, writeValue, value);
}

function writeNode({ inputs, outputs, name, op, attributes }: OnnxNode, pbf: PbfWriter): void {
  const f = FIELDS.node;
  for (const input of inputs) pbf.writeStringField(f.input, input);
  for (const output of outputs) pbf.writeStringField(f.output, output);
  pbf.writeStringField(f.name, name);
  pbf.writeStringField(f.op, op);
  for (const entry of attributes) pbf.writeMessage(f.attribute, writeAttribute, entry);
}

function writeAttribute([name, attribute]: [string, OnnxAttribute], pbf: PbfWriter): void {
  const f = FIELDS.attribute;
  pbf.writeStringField(f.name, name);
  switch (attribute.type) {
    case 'float':
      pbf.writeFloatField(f.float, attribute.value);
      break;
    case 'int':
      pbf.writeVarintField(f.int, attribute.value);
      break;
    case 'string':
      pbf.writeStringField(f.string, attribute.value);
      break;
    case 'tensor':
      pbf.writeMessage(f.tensor, writeTensor, attribute.value);
      break;
    case 'ints':
      for (const value of attribute.value) pbf.writeVarintField(f.ints, value);
      break;
  }
  pbf.writeVarintField(f.type, ATTRIBUTE_TYPES[attribute.type]);
}

function writeTensor({ name, dims, values }: OnnxTensor, pbf: PbfWriter): void {
  const f = FIELDS.tensor;
  for (const dim of dims) pbf.writeVarintField(f.dims, dim);
  pbf.writeVarintField(f.type, values instanceof Float32Array ? DATA_TYPES.float : DATA_TYPES.int64);
  pbf.writeStringField(f.name, name);
  const array = values instanceof Float32Array ? values : BigInt64Array.from(values, BigInt);
  pbf.writeBytesField(f.raw, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
}

function writeValue({ name, type, dims }: OnnxValue, pbf: PbfWriter): void {
  pbf.writeStringField(FIELDS.value.name, name);
  pbf.writeMessage(FIELDS.value.type, (_, typePbf) => typePbf.writeMessage(FIELDS.type.tensor, writeTensorType, { type, dims }), undefined);
}

function writeTensorType({ type, dims }: Pick<OnnxValue, 'type' | 'dims'>, pbf: PbfWriter): void {
  pbf.writeVarintField(FIELDS.tensorType.element, DATA_TYPES[type]);
  pbf.writeMessage(FIELDS.tensorType.shape, writeShape, dims);
}

function writeShape(dims: OnnxValue['dims'], pbf: PbfWriter): void {
  for (const dim of dims) {
    pbf.writeMessage(
      FIELDS.shape.dim,
      (extent, dimPbf) => {
        if (typeof extent === 'number') dimPbf.writeVarintField(FIELDS.dim.value, extent);
        else dimPbf.writeStringField(FIELDS.dim.name, extent);
      },
      dim,
    );
  }
}
