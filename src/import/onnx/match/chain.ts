import { GradloomError, printable } from '../../../errors.ts';
import { constantOf, ODD_CONSTANT } from '../attributes.ts';
import { nodeName } from '../decode.ts';
import type { OnnxModel, OnnxNode, OnnxTensor } from '../proto.ts';

/** The nodes of a graph by what they read, and its constants; which nodes were understood is kept here, for none may be left over. */
export class Chain {
  readonly model: OnnxModel;
  readonly #file: string;
  readonly #readers = new Map<string, OnnxNode[]>();
  readonly #constants: Map<string, OnnxTensor>;
  readonly #used = new Set<OnnxNode>();

  constructor(model: OnnxModel, file: string) {
    this.model = model;
    this.#file = file;
    this.#constants = new Map(model.initializers);
    const made = new Set(model.inputs.map(({ name }) => name));
    for (const node of model.nodes) this.#add(node, made);
  }

  fail(node: OnnxNode | undefined, message: string, next?: string): GradloomError {
    const where = `${printable(this.#file)}${node === undefined ? '' : `:${node.at}`}`;
    const text = node === undefined ? message : `node ${nodeName(node)}: ${message}`;
    return new GradloomError({ code: 'E_ONNX', where, message: printable(text, 500), next });
  }

  /** The nodes that read a tensor, in the file's order. */
  readersOf(tensor: string): readonly OnnxNode[] {
    return this.#readers.get(tensor) ?? [];
  }

  /** The reader of a tensor, not yet understood, that is one of these operators and takes it first. */
  reader(tensor: string, ...operators: string[]): OnnxNode | undefined {
    return this.readersOf(tensor).find((node) => operators.includes(node.op) && node.inputs[0] === tensor && !this.#used.has(node));
  }

  /** Says that a node is understood. @returns what it makes */
  use(node: OnnxNode): string {
    this.#used.add(node);
    return node.outputs[0] as string;
  }

  isUsed(node: OnnxNode): boolean {
    return this.#used.has(node);
  }

  constant(name: string | undefined): OnnxTensor | undefined {
    return name === undefined ? undefined : this.#constants.get(name);
  }

  /** The f32 values that a node reads at a place. */
  floats(node: OnnxNode, index: number): { dims: readonly number[]; values: Float32Array } {
    const { dims, values } = this.constant(node.inputs[index]) ?? {};
    if (dims === undefined || !(values instanceof Float32Array)) {
      throw this.fail(node, `input ${index} (${node.inputs[index] ?? ''}) is no constant of floats; weights must stand in the file`);
    }
    return { dims, values };
  }

  /** A constant among the two inputs of a node of which the other is `tensor`. */
  otherConstant(node: OnnxNode, tensor: string): Float32Array | undefined {
    const other = node.inputs[0] === tensor ? node.inputs[1] : node.inputs[0];
    const values = this.constant(other)?.values;
    return node.inputs.includes(tensor) && values instanceof Float32Array ? values : undefined;
  }

  /** The nodes that nobody has understood. */
  get unused(): OnnxNode[] {
    return this.model.nodes.filter((node) => !this.#used.has(node));
  }

  #add(node: OnnxNode, made: Set<string>): void {
    for (const input of new Set(node.inputs)) {
      if (input !== '' && !made.has(input) && !this.#constants.has(input))
        throw this.fail(node, `reads ${input}, which nothing before it makes`);
      const readers = this.#readers.get(input);
      if (readers === undefined) this.#readers.set(input, [node]);
      else readers.push(node);
    }
    // Operators with more outputs, as Dropout in training, are none of ours but for the first.
    const [output] = node.outputs;
    if (output === undefined || output === '') throw this.fail(node, 'makes nothing');
    for (const name of node.outputs) {
      if (made.has(name) || this.#constants.has(name)) throw this.fail(node, `makes ${name}, which is there already`);
    }
    const value = this.#constantOf(node);
    if (value === undefined) made.add(output);
    else {
      this.#constants.set(output, value);
      this.#used.add(node);
    }
  }

  /** Of a node that stands for a constant. */
  #constantOf(node: OnnxNode): OnnxTensor | undefined {
    if (node.op === 'Identity') return this.constant(node.inputs[0]);
    if (node.op !== 'Constant') return undefined;
    const value = constantOf(node);
    if (value === undefined) throw this.fail(node, ODD_CONSTANT);
    return value;
  }
}
