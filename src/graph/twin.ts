import { type Graph, GraphIndex } from './graph.ts';
import { opType } from './op.ts';
import type { LossSums, TwinRun } from './ops/op-type.ts';
import { elements, type Shape } from './shape.ts';

/** Tensors of a model in f64, by name, in PyTorch's layout. */
export type Tensors = Map<string, Float64Array>;

/** The rows of a batch, and what goes with them. */
export interface TwinBatch
  extends Pick<TwinRun, 'rows' | 'training' | 'bounds' | 'labels' | 'targets' | 'sampleWeights' | 'lossWeights' | 'mask'> {
  /** [rows, ...shape of the input] */
  x: ArrayLike<number>;
}

/** What a running statistic moves towards after a batch. */
export interface Observation {
  values: Float64Array;
  momentum: number;
}

/**
 * A graph computed as its formulas stand, op by op, in f64: the naive twin of everything that the engine does to a batch. It shares no code
 * with the kernels; tests compare the two, and speedups take it for what a plain program would do.
 */
export class GraphTwin {
  readonly graph: Graph;
  readonly #index: GraphIndex;
  readonly #model: Tensors;
  readonly #modelShapes: ReadonlyMap<string, Shape>;

  /** @param model  parameters and statistics; read, never written */
  constructor(graph: Graph, model: Tensors) {
    this.graph = graph;
    this.#index = new GraphIndex(graph);
    this.#model = model;
    this.#modelShapes = new Map([...graph.parameters, ...graph.statistics].map(({ name, shape }) => [name, shape]));
  }

  /** Forward and loss. */
  forward(batch: TwinBatch): TwinPass {
    const pass = new TwinPass(this.#index, this.#model, this.#modelShapes, batch);
    pass.value(this.graph.input).set(batch.x);
    for (const op of this.graph.ops) opType(op).forward(op, pass);
    opType(this.graph.loss).forward(this.graph.loss, pass);
    return pass;
  }

  /** All gradients of a batch that has gone forward, as sums over its rows. */
  backward(pass: TwinPass): void {
    opType(this.graph.loss).backward(this.graph.loss, pass);
    for (const op of this.graph.ops.toReversed()) opType(op).backward(op, pass);
  }
}

/** One batch in a twin. */
export class TwinPass implements TwinRun {
  readonly rows: number;
  readonly training: boolean;
  readonly bounds: readonly number[];
  readonly labels: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
  readonly sampleWeights: ArrayLike<number> | undefined;
  readonly lossWeights: ArrayLike<number> | undefined;
  readonly mask: TwinRun['mask'];
  readonly sums: LossSums = { loss: 0, weight: 0, correct: 0 };
  /** By the names of the statistics. */
  readonly observed = new Map<string, Observation>();
  readonly #index: GraphIndex;
  readonly #model: Tensors;
  readonly #modelShapes: ReadonlyMap<string, Shape>;
  readonly #values: Tensors = new Map();
  readonly #gradients: Tensors = new Map();

  constructor(index: GraphIndex, model: Tensors, modelShapes: ReadonlyMap<string, Shape>, batch: TwinBatch) {
    this.#index = index;
    this.#model = model;
    this.#modelShapes = modelShapes;
    this.rows = batch.rows;
    this.training = batch.training;
    this.bounds = batch.bounds;
    this.labels = batch.labels;
    this.targets = batch.targets;
    this.sampleWeights = batch.sampleWeights;
    this.lossWeights = batch.lossWeights;
    this.mask = batch.mask;
  }

  readonly shapeOf = (tensor: string): Shape => this.#modelShapes.get(tensor) ?? this.#index.shapeOf(tensor);

  value(tensor: string): Float64Array {
    return this.#model.get(tensor) ?? this.#of(this.#values, tensor);
  }

  gradient(tensor: string): Float64Array {
    return this.#of(this.#gradients, tensor);
  }

  observe(statistic: string, values: Float64Array, momentum: number): void {
    this.observed.set(statistic, { values, momentum });
  }

  /** Made of zeros when it is first asked for. */
  #of(tensors: Tensors, name: string): Float64Array {
    const known = tensors.get(name);
    if (known !== undefined) return known;
    const fresh = new Float64Array(elements(this.shapeOf(name)) * (this.#modelShapes.has(name) ? 1 : this.rows));
    tensors.set(name, fresh);
    return fresh;
  }
}
