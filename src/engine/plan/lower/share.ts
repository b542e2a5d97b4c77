import { GraphIndex } from '../../../graph/graph.ts';
import type { LeafSite } from '../../../kernels/site.ts';
import { listWords } from '../../../kernels/sizes.ts';
import { f32Bytes, type PlacedTensor } from '../../../model/parameters.ts';
import type { TeamPlan } from '../../team/team.ts';
import { leafStart, type Range, rankLeaves } from '../leaves.ts';
import type { MemoryPlan } from '../memory.ts';
import type { Region } from '../place.ts';
import type { EnginePlan } from '../plan.ts';
import type { ProgramKey } from './program.ts';

/** What of a plan a way forward through the network needs. */
export interface ForwardPlan extends Pick<EnginePlan, 'network' | 'workers'> {
  team?: TeamPlan;
  experiment: { numerics: Pick<EnginePlan['experiment']['numerics'], 'leaves'> };
  memory: Pick<
    MemoryPlan,
    'parameters' | 'averages' | 'statistics' | 'batchRows' | 'x' | 'lists' | 'labels' | 'graph' | 'scratch' | 'streams'
  >;
}

/** One rank's part of a batch: which rows, and where everything about them lies. Rows are counted from the batch's first. */
export class Share<P extends ForwardPlan = EnginePlan> {
  readonly plan: P;
  readonly rank: number;
  readonly key: ProgramKey;
  readonly leaves: Range;
  readonly rows: Range;
  readonly leafSites: readonly LeafSite[];
  readonly index: GraphIndex;
  readonly #parameters: ReadonlyMap<string, PlacedTensor>;
  readonly #statistics: ReadonlyMap<string, PlacedTensor>;

  constructor(plan: P, rank: number, key: ProgramKey) {
    const { network, experiment, workers, team } = plan;
    this.plan = plan;
    this.rank = rank;
    this.key = key;
    this.leaves = rankLeaves(rank, workers, experiment.numerics.leaves, team);
    this.rows = { from: this.leafStart(this.leaves.from), to: this.leafStart(this.leaves.to) };
    this.leafSites = Array.from({ length: this.leaves.to - this.leaves.from }, (_, i) => {
      const first = this.leafStart(this.leaves.from + i);
      return { index: this.leaves.from + i, row: first - this.rows.from, rows: this.leafStart(this.leaves.from + i + 1) - first };
    });
    this.index = new GraphIndex(network.graph);
    this.#parameters = new Map(network.parameters.map((tensor) => [tensor.name, tensor]));
    this.#statistics = new Map(network.statistics.map((tensor) => [tensor.name, tensor]));
  }

  get isTraining(): boolean {
    return this.key.kind !== 'evaluate';
  }

  /** First row of a leaf. */
  leafStart(leaf: number): number {
    return leafStart(leaf, this.plan.experiment.numerics.leaves, this.key.batchRows);
  }

  /** Address of a row of a tensor of rows. */
  valueAt(tensor: string, row: number): number {
    const { memory, network } = this.plan;
    const region = tensor === network.graph.input ? memory.x : named(memory.graph.values, tensor);
    return region.at + f32Bytes(row * this.index.widthOf(tensor));
  }

  /** Address of a row of its gradient; 0 where nobody needs it: of the network's input, and of what is made of it without a parameter. */
  gradientAt(tensor: string, row: number): number {
    if (!this.index.hasGradient(tensor)) return 0;
    return named(this.plan.memory.graph.gradients, tensor).at + f32Bytes(row * this.index.widthOf(tensor));
  }

  /** Address of a row of what an op adds to a gradient; the rows of all ranks lie apart, whatever op each is at. */
  spareAt(row: number): number {
    const { spare, spareWidth } = this.plan.memory.graph;
    return spare.at + f32Bytes(row * spareWidth);
  }

  parameterAt(name: string): number {
    const { averages, parameters } = this.plan.memory;
    const vector = this.key.averaged ? (averages[0] ?? parameters) : parameters;
    return vector.at + f32Bytes(this.parameter(name).offset);
  }

  statisticAt(name: string): number {
    return this.plan.memory.statistics.at + f32Bytes(tensorOf(this.#statistics, name).offset);
  }

  parameter(name: string): PlacedTensor {
    return tensorOf(this.#parameters, name);
  }

  labelAt(row: number): number {
    return this.plan.memory.labels.at + row * Int32Array.BYTES_PER_ELEMENT;
  }

  listsAt(row: number): number {
    const { memory, network } = this.plan;
    return memory.lists.at + row * listWords(network.inputs) * Int32Array.BYTES_PER_ELEMENT;
  }

  /** Address of the rank's own of some regions, one a rank. */
  own(regions: readonly Region[]): number {
    return nth(regions, this.rank).at;
  }
}

function tensorOf(tensors: ReadonlyMap<string, PlacedTensor>, name: string): PlacedTensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new RangeError(`the model has no tensor ${name}`);
  return tensor;
}

/** What is placed under a name. */
export function named<T>(record: Record<string, T>, name: string): T {
  const value = record[name];
  if (value === undefined) throw new RangeError(`nothing is placed as ${name}`);
  return value;
}

/** An element that must be there. */
export function nth<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`no element ${index}`);
  return value;
}
