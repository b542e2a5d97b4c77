import { type Graph, GraphIndex } from '../../graph/graph.ts';
import { backwardReads, type LayerOp, opType } from '../../graph/op.ts';
import type { Shape } from '../../graph/shape.ts';
import { elements } from '../../graph/shape.ts';
import type { Workspace } from '../../kernels/lowering.ts';
import { lowerings } from '../../kernels/lowerings/index.ts';

/** Byte address and length of one part of the shared memory. */
export interface Region {
  at: number;
  bytes: number;
}

/** What an op has beside its tensors. */
export interface OpRegions {
  /** f32, one row a batch row: what forward leaves for backward. */
  kept: Record<string, Region>;
  /** f64 [leaves, n], seen by all ranks. */
  perLeaf: Record<string, Region>;
  /** f64 [n], one a rank. */
  own: Record<string, Region[]>;
}

/** Where the tensors of a graph lie; tensors that are never needed at once may share a place. */
export interface GraphRegions {
  /** Tensors of rows by name, the network's input apart. */
  values: Record<string, Region>;
  /** The gradients of those that have one. */
  gradients: Record<string, Region>;
  /** What an op adds to a gradient that another has begun: a row of `spareWidth` values for each batch row. */
  spare: Region;
  spareWidth: number;
  /** One an op, in the order of the graph. */
  ops: OpRegions[];
}

/** How regions are taken from the memory, one after the other. */
export interface Allocator {
  /** f32 values for each row of the largest batch. */
  perRow(width: number): Region;
  f64(values: number): Region;
  leaves: number;
  workers: number;
}

/**
 * Places the tensors of a graph, layer by layer: its values, what its ops keep, the gradient of its output, workspaces.
 *
 * An op that works in place puts its output where its input was, if nobody reads that again.
 *
 * @param isTrained  gradients are wanted
 */
export function placeGraph(graph: Graph, { perRow, f64, leaves, workers }: Allocator, isTrained = true): GraphRegions {
  const index = new GraphIndex(graph);
  const ranks = Array.from({ length: workers }, (_, rank) => rank);
  const spareWidth = isTrained ? Math.max(0, ...graph.ops.flatMap((op) => addedTo(index, op)).map(index.widthOf)) : 0;
  const regions: GraphRegions = { values: {}, gradients: {}, spare: perRow(spareWidth), spareWidth, ops: [] };
  const valueOwner = owners(graph, (op) => overwrites(index, op));
  const gradientOwner = owners(graph, (op) => sharesGradient(index, op));
  for (const layer of graph.layers) {
    const ops = index.opsOf(layer.index);
    const made = [layer.y, ...ops.map(({ y }) => y).filter((y) => y !== layer.y)];
    placeShared(made, valueOwner, regions.values, (name) => perRow(index.widthOf(name)));
    const workspaces = ops.map((op) => workspaceOf(op, index.shapeOf));
    const kept = workspaces.map((workspace) => mapValues(workspace.kept, (shape) => perRow(elements(shape))));
    const trained = isTrained ? made.filter((name) => index.hasGradient(name)) : [];
    placeShared(trained, gradientOwner, regions.gradients, (name) => perRow(index.widthOf(name)));
    const perLeaf = workspaces.map((workspace) => mapValues(workspace.perLeaf, (values) => f64(leaves * values)));
    const own = workspaces.map((workspace) => mapValues(workspace.own, (values) => ranks.map(() => f64(values))));
    for (const i of ops.keys()) regions.ops.push({ kept: kept[i] ?? {}, perLeaf: perLeaf[i] ?? {}, own: own[i] ?? {} });
  }
  return regions;
}

/** All regions of a graph once: shared ones have one address. */
export function distinctRegions({ values, gradients, spare, ops }: GraphRegions): Region[] {
  const all = [...Object.values(values), ...Object.values(gradients), spare, ...ops.flatMap(({ kept }) => Object.values(kept))];
  return [...new Map(all.filter(({ bytes }) => bytes > 0).map((region) => [region.at, region])).values()];
}

function workspaceOf(op: LayerOp, shapeOf: (name: string) => Shape): Workspace {
  return { kept: {}, perLeaf: {}, own: {}, ...lowerings.of(op).workspace?.(op, shapeOf) };
}

/** For every tensor of rows the one whose place it takes: itself, or further on in a chain of ops that work in place the last. */
function owners(graph: Graph, shares: (op: LayerOp) => boolean): Map<string, string> {
  const owner = new Map(graph.rows.map(({ name }) => [name, name]));
  for (const op of graph.ops.toReversed()) {
    const [x] = opType(op).inputs(op);
    if (x !== undefined && shares(op)) owner.set(x, owner.get(op.y) ?? op.y);
  }
  return owner;
}

/** Whether an op may put its output in the place of its input: nobody else reads that one, and no backward does. */
function overwrites(index: GraphIndex, op: LayerOp): boolean {
  const type = opType(op);
  const [x = ''] = type.inputs(op);
  const maker = index.makerOf(x);
  if (!type.inPlace || maker === undefined || index.readersOf(x).length > 1) return false;
  return !backwardReads(op).x && !backwardReads(maker).y;
}

/** Whether the gradient of an op's first input takes the place of its output's: nobody has begun it before. */
function sharesGradient(index: GraphIndex, op: LayerOp): boolean {
  const type = opType(op);
  const [x = ''] = type.inputs(op);
  return type.inPlace && index.hasGradient(x) && beginsGradient(index, op, x);
}

/**
 * Whether an op writes the gradient of a tensor that it reads, to which the others that read it add theirs: backward comes to the last of
 * them first. An order of the graph alone, so no bit depends on the workers.
 */
function beginsGradient(index: GraphIndex, op: LayerOp, tensor: string): boolean {
  return index.readersOf(tensor).at(-1) === op;
}

/** The inputs of an op whose gradients others have begun when its own part comes. */
export function addedTo(index: GraphIndex, op: LayerOp): string[] {
  const inputs = [...new Set(opType(op).inputs(op))];
  return inputs.filter((tensor) => index.hasGradient(tensor) && !beginsGradient(index, op, tensor));
}

function placeShared(
  names: readonly string[],
  owner: ReadonlyMap<string, string>,
  into: Record<string, Region>,
  place: (name: string) => Region,
): void {
  for (const name of names) {
    const first = owner.get(name) ?? name;
    into[name] = into[first] ??= place(first);
  }
}

function mapValues<A, B>(record: Record<string, A>, convert: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, convert(value)]));
}
