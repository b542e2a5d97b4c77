import type { ActivationConfig } from '../config/schema/layers/activation.ts';
import type { LossConfig } from '../config/schema/schema.ts';
import { type LayerOp, type Op, opType } from './op.ts';
import type { LossOp } from './ops/loss.ts';
import { elements, type Shape } from './shape.ts';
import type { ModelTensor, RowTensor } from './tensor.ts';

/** A layer of the model: the ops from `first` on, up to the next layer's. */
export interface GraphLayer {
  index: number;
  /** Its `type` in the experiment. */
  type: string;
  /** Its key in the experiment: `model.layers.0`. */
  path: string;
  /** Tensors of rows that go in and come out. */
  x: string;
  y: string;
}

/**
 * One step of training as tensors and ops: plain data that knows no address, no thread and no kernel. The ops stand in the order of
 * forward; backward takes them in reverse, each adding to the gradients of what it reads. The batch is not in it: a tensor of rows has as
 * many as there are.
 */
export interface Graph {
  /** The network's inputs. */
  input: string;
  /** Logits, or predicted values. */
  output: string;
  layers: GraphLayer[];
  rows: RowTensor[];
  parameters: ModelTensor[];
  statistics: ModelTensor[];
  ops: LayerOp[];
  loss: LossOp;
  /** Random streams of a step: one a layer, whether it draws from it or not. */
  streams: number;
}

/** A tensor of the model before it belongs to a layer. */
export type TensorSpec = Pick<ModelTensor, 'role' | 'shape' | 'layout' | 'fanIn' | 'fanOut' | 'init'>;

/** Grows a graph, layer by layer. */
export class GraphBuilder {
  readonly #graph: Omit<Graph, 'loss' | 'output'>;
  readonly #shapes = new Map<string, Shape>();
  readonly #flat = new Set<string>();
  #layer = -1;
  #type = '';
  #path = '';
  #last: string;

  /** @param input  shape of one of the network's inputs */
  constructor(input: Shape) {
    const name = 'x';
    this.#last = name;
    this.#shapes.set(name, input);
    this.#graph = { input: name, layers: [], rows: [{ name, shape: input }], parameters: [], statistics: [], ops: [], streams: 0 };
  }

  /** The network's input. */
  get input(): string {
    return this.#graph.input;
  }

  /** What the last layer gives so far. */
  get output(): string {
    return this.#last;
  }

  /** The layer at hand. */
  get layer(): number {
    return this.#layer;
  }

  /** The `type` of the layer at hand. */
  get type(): string {
    return this.#type;
  }

  /** Where the layer at hand, or a key of it, stands in the experiment. */
  where(key?: string): string {
    return key === undefined ? this.#path : `${this.#path}.${key}`;
  }

  /** Adds the ops that `build` appends to the output so far. */
  addLayer({ path, config: { type } }: { path: string; config: { type: string } }, build: (x: string) => string): void {
    const x = this.#last;
    this.#layer++;
    this.#type = type;
    this.#path = path;
    this.#graph.streams++;
    this.#last = build(x);
    this.#graph.layers.push({ index: this.#layer, type, path, x, y: this.#last });
  }

  /** The tensor of rows that goes into a layer: one before, or the one at hand. */
  inputOf(layer: number): string {
    return this.#graph.layers[layer]?.x ?? this.#last;
  }

  /** From here on the values of a picture are single numbers. */
  flatten(name: string): void {
    this.#flat.add(name);
  }

  isFlat(name: string): boolean {
    return this.#flat.has(name);
  }

  shapeOf(name: string): Shape {
    return found(this.#shapes.get(name), name);
  }

  /** A new tensor of rows of the layer at hand. @returns its name */
  rows(role: string, shape: Shape): string {
    const name = `layers.${this.#layer}.${role}`;
    this.#graph.rows.push({ name, shape });
    this.#shapes.set(name, shape);
    return name;
  }

  /** A trained tensor of the layer at hand. @returns its name */
  parameter(spec: TensorSpec): string {
    return this.#own(this.#graph.parameters, spec);
  }

  /** A collected tensor of the layer at hand. @returns its name */
  statistic(spec: TensorSpec): string {
    return this.#own(this.#graph.statistics, spec);
  }

  push(op: LayerOp): void {
    this.#graph.ops.push(op);
  }

  finish(loss: LossConfig): Graph {
    return { ...this.#graph, output: this.#last, loss: { type: 'loss', loss, x: this.#last } };
  }

  #own(tensors: ModelTensor[], spec: TensorSpec): string {
    const name = `layers.${this.#layer}.${spec.role}`;
    tensors.push({ ...spec, name, layer: this.#layer });
    return name;
  }
}

/** What a layer's units are said to do: its activation, before dropout and residual; its output where it has none. */
export function activityOf({ ops }: Graph, { index, y }: GraphLayer): { tensor: string; activation: ActivationConfig['type'] | undefined } {
  const op = ops.findLast((candidate) => candidate.layer === index && candidate.type === 'activation');
  return op?.type === 'activation' ? { tensor: op.y, activation: op.function.type } : { tensor: y, activation: undefined };
}

/** The shape of a tensor of rows. For many of them make a `GraphIndex`: this looks through all. */
export function rowShape(graph: Graph, name: string): Shape {
  return found(
    graph.rows.find((tensor) => tensor.name === name),
    name,
  ).shape;
}

/** Look-ups in a graph, made once for many. */
export class GraphIndex {
  readonly #shapes: ReadonlyMap<string, Shape>;
  readonly #makers: ReadonlyMap<string, LayerOp>;
  readonly #ofLayer = new Map<number, LayerOp[]>();
  readonly #readers = new Map<string, Op[]>();
  readonly #trained = new Set<string>();

  constructor(graph: Graph) {
    this.#shapes = new Map(graph.rows.map(({ name, shape }) => [name, shape]));
    this.#makers = new Map(graph.ops.map((op) => [op.y, op]));
    for (const op of [...graph.ops, graph.loss]) {
      for (const name of opType(op).inputs(op)) {
        const readers = this.#readers.get(name);
        if (readers === undefined) this.#readers.set(name, [op]);
        else readers.push(op);
      }
    }
    for (const op of graph.ops) {
      const type = opType(op);
      const ofLayer = this.#ofLayer.get(op.layer);
      if (ofLayer === undefined) this.#ofLayer.set(op.layer, [op]);
      else ofLayer.push(op);
      if (type.parameters(op).length > 0 || type.inputs(op).some((x) => this.#trained.has(x))) this.#trained.add(op.y);
    }
  }

  readonly shapeOf = (name: string): Shape => found(this.#shapes.get(name), name);

  /** Values of a row. */
  readonly widthOf = (name: string): number => elements(this.shapeOf(name));

  /** The op that makes a tensor of rows; undefined for the network's input. */
  makerOf(name: string): LayerOp | undefined {
    return this.#makers.get(name);
  }

  /** The ops of a layer, in the order of forward. */
  opsOf(layer: number): readonly LayerOp[] {
    return this.#ofLayer.get(layer) ?? [];
  }

  /** Whether training needs the gradient of a tensor of rows: a parameter has a part in it. */
  hasGradient(name: string): boolean {
    return this.#trained.has(name);
  }

  /** The ops that read a tensor of rows, in the order of forward. */
  readersOf(name: string): readonly Op[] {
    return this.#readers.get(name) ?? [];
  }
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new RangeError(`the graph has no tensor of rows ${name}`);
  return value;
}
