import { decodeTensor } from './decode-tensor.ts';
import { DATA_TYPES, FIELDS, type OnnxAttribute, type OnnxModel, type OnnxNode, type OnnxTensor, type OnnxValue } from './proto.ts';
import { type Field, type Span, Wire, type WireType } from './wire.ts';

/** More nodes are not taken for a chain of layers. */
const MAX_NODES = 20_000;
const MAX_TENSORS = 20_000;
const MAX_RANK = 16;

const LENGTHS = (...numbers: number[]): Record<number, WireType> => Object.fromEntries(numbers.map((number) => [number, 'length']));

/**
 * Reads a file of ONNX. Nothing in it is run, no other file is opened for it, and nothing is allocated by a number that it says without the
 * bytes to go with it. A message stands in another at most six deep, by the format of what is read: the rest is not followed.
 *
 * @param file  names it in messages
 * @throws GradloomError E_ONNX with the byte
 */
export function decodeOnnx(bytes: Uint8Array, file: string): OnnxModel {
  const wire = new Wire(bytes, file);
  const f = FIELDS.model;
  const model: Partial<OnnxModel> & Pick<OnnxModel, 'metadata' | 'producer'> = { metadata: {}, producer: '' };
  const types = { [f.irVersion]: 'varint' as const, ...LENGTHS(f.producer, f.graph, f.opset, f.metadata, f.training, f.functions) };
  for (const field of wire.fields(wire.all, types, 'the model')) {
    if (field.number === f.irVersion) model.irVersion = field.value;
    else if (field.number === f.producer) model.producer = wire.text(field);
    else if (field.number === f.opset) {
      const version = standardOpset(wire, field);
      if (version !== undefined) model.opset = version;
    } else if (field.number === f.metadata) addEntry(wire, field, model.metadata);
    else if (field.number === f.graph) {
      if (model.nodes !== undefined) throw wire.fail(field.at, 'a second graph');
      Object.assign(model, decodeGraph(wire, field.body));
    } else if (field.number === f.training) throw wire.fail(field.at, 'training information, which is not read');
    else if (field.number === f.functions) throw wire.fail(field.at, 'functions of its own, which are not read');
  }
  const { irVersion, opset, nodes, initializers, inputs, outputs, graphName } = model;
  if (irVersion === undefined || nodes === undefined || initializers === undefined || inputs === undefined || outputs === undefined) {
    throw wire.fail(0, 'no ONNX model: it has no version and graph');
  }
  if (opset === undefined) throw wire.fail(0, 'names no version of the standard operators');
  return { ...model, irVersion, opset, nodes, initializers, inputs, outputs, graphName: graphName ?? '' };
}

/** The version of the standard domain; undefined for another domain, of which a node would be refused by name. */
function standardOpset(wire: Wire, { body }: Field): number | undefined {
  const f = FIELDS.opset;
  let domain = '';
  let version = 0;
  for (const field of wire.fields(body, { [f.domain]: 'length', [f.version]: 'varint' }, 'an operator set')) {
    if (field.number === f.domain) domain = wire.text(field);
    else if (field.number === f.version) version = field.value;
  }
  return domain === '' || domain === 'ai.onnx' ? version : undefined;
}

function addEntry(wire: Wire, { body, at }: Field, entries: Record<string, string>): void {
  const f = FIELDS.entry;
  let [key, value] = ['', ''];
  for (const field of wire.fields(body, LENGTHS(f.key, f.value), 'metadata')) {
    if (field.number === f.key) key = wire.text(field);
    else if (field.number === f.value) value = wire.text(field);
  }
  if (Object.hasOwn(entries, key)) throw wire.fail(at, `metadata has ${key} twice`);
  // Not an assignment: `__proto__` is a key like any other.
  Object.defineProperty(entries, key, { value, enumerable: true, configurable: true, writable: true });
}

type GraphParts = Pick<OnnxModel, 'graphName' | 'nodes' | 'initializers' | 'inputs' | 'outputs'>;

function decodeGraph(wire: Wire, span: Span): GraphParts {
  const f = FIELDS.graph;
  const graph: GraphParts = { graphName: '', nodes: [], initializers: new Map(), inputs: [], outputs: [] };
  for (const field of wire.fields(span, LENGTHS(f.node, f.name, f.initializer, f.input, f.output, f.sparse), 'the graph')) {
    if (field.number === f.node) {
      if (graph.nodes.length === MAX_NODES) throw wire.fail(field.at, `more than ${MAX_NODES} nodes`);
      graph.nodes.push(decodeNode(wire, field));
    } else if (field.number === f.name) graph.graphName = wire.text(field);
    else if (field.number === f.initializer) addInitializer(wire, field, graph.initializers);
    else if (field.number === f.input) graph.inputs.push(decodeValue(wire, field));
    else if (field.number === f.output) graph.outputs.push(decodeValue(wire, field));
    else if (field.number === f.sparse) throw wire.fail(field.at, 'a sparse tensor, which is not read');
  }
  // Before IR version 4 an initializer had to stand among the inputs too.
  graph.inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name));
  return graph;
}

function addInitializer(wire: Wire, field: Field, initializers: Map<string, OnnxTensor>): void {
  const tensor = decodeTensor(wire, field);
  if (initializers.has(tensor.name)) throw wire.fail(field.at, `two tensors are named ${tensor.name}`);
  if (initializers.size === MAX_TENSORS) throw wire.fail(field.at, `more than ${MAX_TENSORS} tensors`);
  initializers.set(tensor.name, tensor);
}

function decodeNode(wire: Wire, { body, at }: Field): OnnxNode {
  const f = FIELDS.node;
  const node: OnnxNode = { name: '', op: '', inputs: [], outputs: [], attributes: new Map(), at };
  let domain = '';
  for (const field of wire.fields(body, LENGTHS(f.input, f.output, f.name, f.op, f.attribute, f.domain), 'a node')) {
    if (field.number === f.input) node.inputs.push(wire.text(field));
    else if (field.number === f.output) node.outputs.push(wire.text(field));
    else if (field.number === f.name) node.name = wire.text(field);
    else if (field.number === f.op) node.op = wire.text(field);
    else if (field.number === f.domain) domain = wire.text(field);
    else if (field.number === f.attribute) {
      const [name, attribute] = decodeAttribute(wire, field);
      if (node.attributes.has(name)) throw wire.fail(field.at, `attribute ${name} stands twice in a node`);
      if (attribute !== undefined) node.attributes.set(name, attribute);
    }
  }
  if (domain !== '' && domain !== 'ai.onnx') throw wire.fail(at, `node ${nodeName(node)} is ${domain}.${node.op}, no standard operator`);
  return node;
}

/** How a node is called in messages: many exporters give no names. */
export function nodeName({ name, op, outputs }: Pick<OnnxNode, 'name' | 'op' | 'outputs'>): string {
  return name === '' ? `${op || '?'} -> ${outputs[0] ?? '?'}` : `${name} (${op})`;
}

/** undefined for an attribute of a kind that no operator of ours has: it is only known to be there where it is refused. */
function decodeAttribute(wire: Wire, { body, at }: Field): [name: string, attribute: OnnxAttribute | undefined] {
  const f = FIELDS.attribute;
  let name = '';
  let attribute: OnnxAttribute | undefined;
  const ints: number[] = [];
  const types = {
    ...LENGTHS(f.name, f.string, f.tensor, f.reference),
    [f.int]: 'varint' as const,
    [f.ints]: 'varint' as const,
    [f.float]: 'float' as const,
  };
  for (const field of wire.fields(body, types, 'an attribute')) {
    if (field.number === f.name) name = wire.text(field);
    else if (field.number === f.float) attribute = { type: 'float', value: field.value };
    else if (field.number === f.int) attribute = { type: 'int', value: field.value };
    else if (field.number === f.string) attribute = { type: 'string', value: wire.text(field) };
    else if (field.number === f.tensor) attribute = { type: 'tensor', value: decodeTensor(wire, field) };
    else if (field.number === f.ints) {
      for (const value of wire.numbers(field))
        if (ints.push(value) > MAX_RANK) throw wire.fail(field.at, `attribute ${name} has more than ${MAX_RANK} values`);
    } else if (field.number !== f.type && field.number !== 13)
      throw wire.fail(field.at, `attribute ${name}: graphs and lists are not read`);
  }
  if (name === '') throw wire.fail(at, 'an attribute without a name');
  return [name, attribute ?? (ints.length > 0 ? { type: 'ints', value: ints } : undefined)];
}

function decodeValue(wire: Wire, { body, at }: Field): OnnxValue {
  const f = FIELDS.value;
  let name = '';
  let type: Span | undefined;
  for (const field of wire.fields(body, LENGTHS(f.name, f.type), 'a value')) {
    if (field.number === f.name) name = wire.text(field);
    else if (field.number === f.type) type = field.body;
  }
  const tensor = type && last(wire, type, FIELDS.type.tensor, 'a type');
  if (tensor === undefined) throw wire.fail(at, `${name}: no tensor; sequences and maps are not read`);
  let element = 0;
  const dims: (number | string)[] = [];
  const g = FIELDS.tensorType;
  for (const field of wire.fields(tensor, { [g.element]: 'varint', [g.shape]: 'length' }, 'a type')) {
    if (field.number === g.element) element = field.value;
    else if (field.number === g.shape) dims.push(...decodeShape(wire, field.body, name));
  }
  if (element === DATA_TYPES.float) return { name, type: 'float', dims };
  if (element === DATA_TYPES.int64) return { name, type: 'int64', dims };
  throw wire.fail(at, `${name}: elements of ONNX's type ${element}, expected float (${DATA_TYPES.float})`);
}

function decodeShape(wire: Wire, span: Span, name: string): (number | string)[] {
  const dims: (number | string)[] = [];
  for (const { number, at, body } of wire.fields(span, LENGTHS(FIELDS.shape.dim), 'a shape')) {
    if (number !== FIELDS.shape.dim) continue;
    if (dims.length === MAX_RANK) throw wire.fail(at, `${name}: more than ${MAX_RANK} dimensions`);
    const f = FIELDS.dim;
    let dim: number | string = '?';
    for (const field of wire.fields(body, { [f.value]: 'varint', [f.name]: 'length' }, 'a dimension')) {
      if (field.number === f.value) dim = field.value;
      else if (field.number === f.name) dim = wire.text(field);
    }
    dims.push(dim);
  }
  return dims;
}

/** The last of a message's fields with a number. */
function last(wire: Wire, span: Span, number: number, message: string): Span | undefined {
  let found: Span | undefined;
  for (const field of wire.fields(span, LENGTHS(number), message)) if (field.number === number) found = field.body;
  return found;
}
