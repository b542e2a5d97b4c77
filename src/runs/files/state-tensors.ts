import type { TrainingState } from '../../engine/coordinator/shared-state.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import { tensorsInOrder } from '../../model/network.ts';
import { type PlacedTensor, writeTensor } from '../../model/parameters.ts';
import { optimizerType } from '../../optim/index.ts';

/** A tensor of a training state: its place in one of the state's vectors, and its name in files. */
interface StateTensor {
  name: string;
  tensor: PlacedTensor;
  vector: Float32Array;
}

/**
 * All tensors of a training state in file order: parameters and statistics layer by layer as `layers.<i>.<role>`, the optimizer's state
 * vectors as `optimizer.<state>.layers.<i>.<role>` with PyTorch's names of the states, averaged parameters as `average.layers.<i>.<role>`.
 * A state without optimizer vectors (as of a landmark that needs none) has none here.
 */
export function stateTensors({ network, experiment: { optimizer } }: EnginePlan, state: TrainingState): StateTensor[] {
  const names = optimizerType(optimizer).state(optimizer);
  const inOrder = (prefix: string, vector: Float32Array): StateTensor[] =>
    network.parameters.map((tensor) => ({ name: prefix + tensor.name, tensor, vector }));
  const model = tensorsInOrder(network, (tensor, kind) => ({ tensor, vector: kind === 'parameter' ? state.parameters : state.statistics }));
  return [
    ...model.map(([name, placed]) => ({ name, ...placed })),
    ...state.optimizer.flatMap((vector, i) => inOrder(`optimizer.${names[i]}.`, vector)),
    ...state.averages.flatMap((vector) => inOrder('average.', vector)),
  ];
}

/** An empty state of the plan's sizes, to be filled by `fillState`. */
export function emptyState({ network, memory }: EnginePlan, hasOptimizer = true): TrainingState {
  const vector = (): Float32Array => new Float32Array(network.vectorFloats);
  return {
    parameters: vector(),
    statistics: new Float32Array(network.statisticFloats),
    optimizer: hasOptimizer ? memory.optimizerState.map(vector) : [],
    averages: memory.averages.map(vector),
  };
}

/** Writes tensors, given by name in PyTorch's layout, into the vectors of a state. */
export function fillState(tensors: readonly StateTensor[], read: (name: string) => Float32Array): void {
  for (const { name, tensor, vector } of tensors) writeTensor(vector, tensor, read(name));
}
