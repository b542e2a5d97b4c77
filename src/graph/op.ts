import { type ActivationOp, activation } from './ops/activation.ts';
import { type AddOp, add } from './ops/add.ts';
import { type ConvOp, conv } from './ops/conv.ts';
import { type DenseOp, dense } from './ops/dense.ts';
import { type DropoutOp, dropout } from './ops/dropout.ts';
import { type LossOp, loss } from './ops/loss.ts';
import { type BatchNormOp, batchNorm, type LayerNormOp, layerNorm } from './ops/norm.ts';
import type { OpType } from './ops/op-type.ts';
import { type PoolOp, pool } from './ops/pool.ts';
import { type SwapAxesOp, swapAxes } from './ops/swap-axes.ts';

/** An op that turns tensors of rows into one: what layers are made of. */
export type LayerOp = DenseOp | ConvOp | PoolOp | SwapAxesOp | BatchNormOp | LayerNormOp | ActivationOp | DropoutOp | AddOp;

/** All that a graph can hold. A new one is a file in `ops/`, a row below, and a lowering. */
export type Op = LayerOp | LossOp;

const opTypes: { [T in Op['type']]: OpType<Extract<Op, { type: T }>> } = {
  dense,
  conv,
  pool,
  swap_axes: swapAxes,
  batch_norm: batchNorm,
  layer_norm: layerNorm,
  activation,
  dropout,
  add,
  loss,
};

/** The types of all ops. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the table above
export const OP_TYPES = Object.keys(opTypes) as Op['type'][];

/** What an op is, by the `type` of its data. */
export function opType<O extends Op>({ type }: O): OpType<O> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table pairs each type with its op
  return opTypes[type] as unknown as OpType<O>;
}

/** Which of its values an op's backward reads again. */
export function backwardReads(op: Op): { x: boolean; y: boolean } {
  const { reads } = opType(op);
  return typeof reads === 'function' ? reads(op) : reads;
}
