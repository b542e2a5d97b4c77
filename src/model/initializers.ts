import { type FlatLayer, flatLayers } from '../config/layers/flat-layers.ts';
import type { Experiment, InitializerConfig } from '../config/schema/schema.ts';
import { GradloomError, printable } from '../errors.ts';
import { readWeights, takeWeights } from '../import/weights.ts';
import { normals, uniforms } from '../random/distributions.ts';
import { RandomStream } from '../random/stream.ts';
import { nonfiniteIn } from '../storage/nonfinite.ts';
import type { Safetensors } from '../storage/safetensors/bytes.ts';
import type { Network } from './network.ts';
import { type PlacedTensor, writeTensor } from './parameters.ts';

/** A distribution of initial values: N(mean, std^2) or U[low, high). */
type Distribution = { kind: 'normal'; mean: number; std: number } | { kind: 'uniform'; low: number; high: number };

function constant(mean: number): Distribution {
  return { kind: 'normal', mean, std: 0 };
}

function symmetric(bound: number): Distribution {
  return { kind: 'uniform', low: -bound, high: bound };
}

function centred(std: number): Distribution {
  return { kind: 'normal', mean: 0, std };
}

/**
 * The distribution of a tensor's initial values.
 * source: torch.nn.init kaiming_* (fan_in, gain sqrt 2), xavier_* (gain 1); torch.nn.Linear.reset_parameters
 * (weight and bias uniform within 1/sqrt(fan_in)). Except with torch_linear, biases start at 0.
 */
function distributionOf(config: Exclude<InitializerConfig, { type: 'file' | 'run' }>, { init, fanIn, fanOut }: PlacedTensor): Distribution {
  if (init === 'zeros') return constant(0);
  if (init === 'ones') return constant(1);
  if (config.type === 'torch_linear') return symmetric(1 / Math.sqrt(fanIn));
  if (init === 'bias') return constant(0);
  switch (config.type) {
    case 'normal':
      return { kind: 'normal', mean: config.mean, std: config.std };
    case 'uniform':
      return { kind: 'uniform', low: config.low, high: config.high };
    case 'he_normal':
      return centred(Math.sqrt(2 / fanIn));
    case 'he_uniform':
      return symmetric(Math.sqrt(6 / fanIn));
    case 'xavier_normal':
      return centred(Math.sqrt(2 / (fanIn + fanOut)));
    case 'xavier_uniform':
      return symmetric(Math.sqrt(6 / (fanIn + fanOut)));
    case 'zeros':
      return constant(0);
  }
}

/** Where training starts: both vectors in their stored layouts. */
export interface InitialState {
  /** [P] */
  parameters: Float32Array;
  /** Running statistics; may be empty. */
  statistics: Float32Array;
}

/** What of a model's config says how its tensors start. */
type ModelInit = Pick<Experiment['model'], 'init'> & Partial<Pick<Experiment['model'], 'layers' | 'blocks'>>;

/** How the tensors of a layer start: as the layer says, if it does, else as the model says. */
export function initOf({ init }: Pick<ModelInit, 'init'>, layer: FlatLayer | undefined): InitializerConfig {
  return layer !== undefined && 'init' in layer.config ? (layer.config.init ?? init) : init;
}

/**
 * The initial parameters and statistics. Value j of tensor i is a function of (seed, i, j), in PyTorch's layout; norms start as the
 * identity, whatever the initialiser.
 *
 * @param readRun  the tensors of a run's model; who knows runs gives it
 * @throws GradloomError E_SAFETENSORS, E_ONNX, E_TENSOR_MISMATCH where an init file does not fit, E_DATA_NONFINITE where it holds NaN or infinities
 */
export function initialState(
  network: Network,
  model: ModelInit,
  seed: number,
  readRun: (directory: string) => Safetensors = unknownRun,
): InitialState {
  const state = { parameters: new Float32Array(network.vectorFloats), statistics: new Float32Array(network.statisticFloats) };
  const fromFile = new Map<string, Taken>();
  const layers = model.layers === undefined ? [] : flatLayers({ layers: model.layers, blocks: model.blocks });
  const begin = (tensor: PlacedTensor, vector: Float32Array, index: number): void => {
    const config = initOf(model, layers[tensor.layer]);
    if (config.type === 'file' || config.type === 'run') {
      const key = JSON.stringify(config);
      const { placed } = fromFile.get(key) ?? { placed: [] };
      fromFile.set(key, { config, placed: [...placed, { tensor, vector }] });
    } else writeTensor(vector, tensor, draw(distributionOf(config, tensor), new RandomStream(seed, 'init', index), tensor.size));
  };
  for (const [index, tensor] of network.parameters.entries()) begin(tensor, state.parameters, index);
  for (const tensor of network.statistics) begin(tensor, state.statistics, 0);
  for (const { config, placed } of fromFile.values()) {
    const { path } = config;
    const wanted = placed.map(({ tensor }) => tensor);
    const values = config.type === 'run' ? takeWeights(readRun(path), wanted, path) : takeWeights(readWeights(path), wanted, path, config);
    for (const { tensor, vector } of placed) {
      const given = values.get(tensor.name) as Float32Array;
      const fault = nonfiniteIn(tensor.name, tensor.shape, given);
      if (fault !== undefined) throw nonfinite(path, fault);
      writeTensor(vector, tensor, given);
    }
  }
  return state;
}

function unknownRun(directory: string): never {
  throw new TypeError(`nobody has said how the weights of the run ${directory} are read`);
}

function nonfinite(path: string, fault: string): GradloomError {
  return new GradloomError({
    code: 'E_DATA_NONFINITE',
    where: printable(path),
    message: `${fault}; expected finite initial values`,
    next: 'name a file of a training that did not diverge',
  });
}

/** What a file gives. */
interface Taken {
  config: Extract<InitializerConfig, { type: 'file' | 'run' }>;
  placed: { tensor: PlacedTensor; vector: Float32Array }[];
}

function draw(distribution: Distribution, stream: RandomStream, count: number): Float32Array {
  const values = new Float32Array(count);
  if (distribution.kind === 'normal') {
    const { mean, std } = distribution;
    if (std === 0) return values.fill(mean);
    normals(stream, mean, std, values);
  } else uniforms(stream, distribution.low, distribution.high, values);
  return values;
}
