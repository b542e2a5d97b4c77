// Made from the schema by scripts/write-input-types.mjs; do not edit it.

export type EveryInput = {
  /** number of epochs. A whole number, at least 1. */
  epochs: number;
  steps?: undefined;
} | {
  /** number of parameter updates. A whole number, at least 1. */
  steps: number;
  epochs?: undefined;
};
