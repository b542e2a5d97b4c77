import type { Kernels } from '../../kernels/kernels.ts';
import { integerPower } from '../../random/elementary.ts';
import type { UpdateChunk } from '../rule.ts';

/** Names of the two running means that Adam and its relatives keep. */
export const MOMENTS = ['exp_avg', 'exp_avg_sq'] as const;

export interface MomentsConfig {
  /** [beta1, beta2] */
  betas: readonly number[];
}

export function betasOf({ betas }: MomentsConfig): [beta1: number, beta2: number] {
  return [betas[0] as number, betas[1] as number];
}

/** m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, in the chunk's first two state vectors, whose addresses it returns. */
export function updateMoments(kernels: Kernels, config: MomentsConfig, { gradient, state, count }: UpdateChunk): [m: number, v: number] {
  const [beta1, beta2] = betasOf(config);
  const [m, v] = [state[0] as number, state[1] as number];
  kernels.adam_moments(gradient, m, v, count, beta1, 1 - beta1, beta2, 1 - beta2);
  return [m, v];
}

/** 1 - beta1^t and 1 - beta2^t with t = step + 1: what the running means lack of their full weight. */
export function biasCorrections(config: MomentsConfig, step: number): [first: number, second: number] {
  const [beta1, beta2] = betasOf(config);
  return [1 - integerPower(beta1, step + 1), 1 - integerPower(beta2, step + 1)];
}
