import type { Reading, Samples } from '../samples.ts';

/**
 * A kind of `data.source`, by its `type`. Which of its keys are paths stands in the schema; splits, normalisation and the fingerprint are made
 * of its samples, whatever they come from.
 */
export interface DataSource<Config> {
  /**
   * All samples, with what does not fit together told before anything large is allocated; arrays by `allocateShared`, which knows the limits.
   * The same config, reading and contents of files give the same samples, to the bit, on every machine.
   *
   * @param config   its part of the experiment, with paths as the process can open them
   * @param reading  what else the experiment says that matters here
   * @throws GradloomError E_DATA_*, E_LIMIT or E_CONFIG_* with the place in the file or the key
   */
  load(config: Config, reading: Reading): Promise<Samples> | Samples;
}
