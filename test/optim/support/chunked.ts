import { experimentFromObject } from '../../../src/config/load.ts';
import type { OptimizerConfig } from '../../../src/config/schema/schema.ts';
import { optimizerType } from '../../../src/optim/index.ts';
import type { Squares, UpdateChunk } from '../../../src/optim/rule.ts';
import { Arena, kernels, memory } from '../../kernels/support/arena.ts';

/** An optimizer's config with the defaults of the schema. */
export function optimizerConfig(tree: { type: OptimizerConfig['type'] } & Record<string, unknown>): OptimizerConfig {
  const data = { source: { type: 'synthetic', kind: 'blobs' } };
  return experimentFromObject({ data, model: { layers: [{ type: 'dense', units: 2 }] }, optimizer: tree }).experiment.optimizer;
}

/** One tensor under an optimizer, updated by the real kernels in chunks of any size, between guard words. */
export class ChunkedTensor {
  readonly parameters: Float32Array;
  readonly state: ReadonlyMap<string, Float32Array>;
  readonly #config: OptimizerConfig;
  readonly #gradient: Float32Array;
  readonly #chunks: UpdateChunk[];
  readonly #arena = new Arena(memory);
  #step = 0;

  constructor(config: OptimizerConfig, parameters: ArrayLike<number>, chunkFloats: number) {
    const rule = optimizerType(config);
    const fills = rule.initialState?.(config) ?? [];
    this.#config = config;
    this.parameters = this.#arena.floats('parameters', parameters);
    this.#gradient = this.#arena.floats('gradient', parameters.length);
    this.state = new Map(
      rule.state(config).map((name, i) => [name, this.#arena.floats(name, new Float32Array(parameters.length).fill(fills[i] ?? 0))]),
    );
    this.#chunks = Array.from({ length: Math.ceil(parameters.length / chunkFloats) }, (_, i) => {
      const at = 4 * i * chunkFloats;
      return {
        parameters: this.parameters.byteOffset + at,
        gradient: this.#gradient.byteOffset + at,
        state: [...this.state.values()].map(({ byteOffset }) => byteOffset + at),
        count: Math.min(chunkFloats, parameters.length - i * chunkFloats),
      };
    });
  }

  /** One update; the chunks are worked on in the order given, as the ranks of a run would in any order. */
  step(gradient: ArrayLike<number>, order: readonly number[] = this.#chunks.map((_, i) => i), lr = this.#config.lr): void {
    this.#gradient.set(gradient);
    const rule = optimizerType(this.#config);
    const context = { lr, weightDecay: this.#config.weight_decay, step: this.#step++ };
    if ('apply' in rule) {
      for (const i of order) rule.apply(kernels, this.#config, this.#chunks[i]!, context);
      return;
    }
    const squares: Squares[] = [];
    for (const i of order) squares[i] = rule.prepare(kernels, this.#config, this.#chunks[i]!, context);
    const total: Squares = { parameterSquares: 0, directionSquares: 0 };
    for (const { parameterSquares, directionSquares } of squares) {
      total.parameterSquares += parameterSquares;
      total.directionSquares += directionSquares;
    }
    for (const i of order) rule.finish(kernels, this.#config, this.#chunks[i]!, context, rule.trustRatio(total));
  }

  /** Arrays next to which something was written. */
  broken(): string[] {
    return this.#arena.broken();
  }
}
