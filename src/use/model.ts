import { machineCode, machineHost } from '../engine/forward/machine.ts';
import { type DataToEvaluate, type EvaluateOptions, evaluateModel, type ModelEvaluation } from './evaluate/evaluate.ts';
import type { LoadedModel } from './model/parse.ts';
import { type LoadModelOptions, readModel } from './model/read.ts';
import { PortableModel } from './portable.ts';
import { Predictor } from './predict/predictor.ts';

/**
 * A trained model that can be used: everything lies in its fields, `predict` computes in the calling thread, and nothing goes on when it
 * returns.
 *
 * ```ts
 * const model = await loadModel('runs/iris-20260101-120000-29898d');
 * model.predict({ sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 });
 * // { label: 0, class: 'setosa', probabilities: [0.98, 0.01, 0.01] }
 * ```
 */
export class Model extends PortableModel {
  readonly #ready: () => Predictor;

  constructor(loaded: LoadedModel) {
    let made: Predictor | undefined;
    const ready = (): Predictor => (made ??= new Predictor(loaded, machineHost()));
    super(loaded, ready);
    this.#ready = ready;
  }

  /**
   * Loss, metrics, scores of each class and confusion matrix over data, as `gradloom evaluate` reports them.
   *
   * @throws GradloomError E_ROW, E_LABEL_RANGE, E_DATA_..., E_CONFIG_...
   */
  evaluate(data: DataToEvaluate, options: EvaluateOptions = {}): Promise<ModelEvaluation> {
    return evaluateModel(this, data, options);
  }

  /** From here on machine code computes what it can, with the same bits: worth it for many rows. */
  async useNative(): Promise<void> {
    await this.#ready().useCode(machineCode);
  }
}

/**
 * Loads a trained model.
 *
 * @param where  directory of a run, or a model.safetensors that gradloom has written
 * @throws GradloomError E_RUN_READ, E_RUN_FILE, E_CHECKPOINT, E_SAFETENSORS, E_TENSOR_MISMATCH, E_DATA_NONFINITE, E_DATA_READ, E_CONFIG_...
 */
export async function loadModel(where: string | { directory: string }, options: LoadModelOptions = {}): Promise<Model> {
  return new Model(await readModel(typeof where === 'string' ? where : where.directory, options));
}
