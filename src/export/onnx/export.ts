import { GradloomError, printable } from '../../errors.ts';
import { interpretOnnx } from '../../import/onnx/compute/interpret.ts';
import { decodeOnnx } from '../../import/onnx/decode.ts';
import { foldBatchNorms } from '../fold.ts';
import { type ExportModel, inputShape, outcomeOf } from '../model.ts';
import type { Exporter } from '../target.ts';
import { checkPredictions, trialOf } from '../verify.ts';
import { onnxModel } from './build.ts';
import { encodeOnnx } from './encode.ts';

/** What protobuf allows a message, less what everything but the tensors takes. */
const TENSORS_LIMIT_BYTES = 2 ** 31 - 2 ** 24;

/** One file of ONNX; checked by reading it again and computing its graph node by node. */
export const onnx: Exporter = (given, { output, raw, batchNorm }) => {
  const model = batchNorm === 'keep' ? given : foldBatchNorms(given);
  checkSize(model, output);
  const bytes = encodeOnnx(onnxModel(model, { raw }));
  return {
    files: [{ path: output, bytes }],
    check: async (trial = trialOf(given, raw)) => {
      const graph = decodeOnnx(bytes, output);
      const input = { dims: [trial.count, ...inputShape(model)], values: trial.rows };
      const results = interpretOnnx(graph, new Map([['x', input]]));
      const values = results.get(outcomeOf(model).kind === 'value' ? 'y' : 'probabilities')?.values ?? [];
      const labels = results.get('label')?.values;
      return checkPredictions(trial, output, { values, labels });
    },
  };
};

function checkSize({ tensors }: ExportModel, output: string): void {
  const bytes = [...tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (bytes <= TENSORS_LIMIT_BYTES) return;
  throw new GradloomError({
    code: 'E_EXPORT',
    where: printable(output),
    message: `${bytes} bytes of weights; a file of ONNX holds at most ${TENSORS_LIMIT_BYTES}`,
    next: 'take another format: --to safetensors',
  });
}
