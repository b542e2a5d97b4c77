import path from 'node:path';

/** The files of a run's directory. Their names stand here and nowhere else. */
export const RUN_FILES = {
  /** The resolved experiment: a run counts as begun once it is there. */
  config: 'config.yaml',
  environment: 'env.json',
  metrics: 'metrics.jsonl',
  digests: 'digests.jsonl',
  /** What a part of the run has come to, at its end. */
  summary: 'summary.json',
  /** What lies between a raw row and the network: `Preprocess`. */
  preprocess: 'preprocess.json',
  model: 'model.safetensors',
  /** Models of averaged parameters, by the name of the average. */
  ema: 'model-ema.safetensors',
  swa: 'model-swa.safetensors',
  divergence: 'diverged.json',
  /** Words to find runs by that were changed after the run began; in place of `tags` of the config. */
  tags: 'tags.json',
  /** What somebody has written of the run after it began; in place of `track.notes` of the config. */
  notes: 'notes.json',
} as const;

export type RunFile = keyof typeof RUN_FILES;

/** Path of a file of a run. */
export function runFile(directory: string, file: RunFile): string {
  return path.join(directory, RUN_FILES[file]);
}

/** When a checkpoint was: after how many rollbacks, at which step. */
export interface Moment {
  rollbacks: number;
  step: number;
}

const CHECKPOINTS = 'checkpoints';
const STEP_DIGITS = 12;
/** A step may come twice, before and after a rollback: `-r1` and so on tell them apart, and the later ones count as newer. */
const CHECKPOINT = new RegExp(`^step-(\\d{${STEP_DIGITS},})(?:-r(\\d+))?\\.safetensors$`);
const SET_ASIDE = '.bad';

export function checkpointFolder(directory: string): string {
  return path.join(directory, CHECKPOINTS);
}

export function checkpointName({ step, rollbacks }: Moment): string {
  return `step-${String(step).padStart(STEP_DIGITS, '0')}${rollbacks === 0 ? '' : `-r${rollbacks}`}.safetensors`;
}

/** undefined for a file that is no checkpoint. */
export function momentOf(name: string): Moment | undefined {
  const [, step, rollbacks = 0] = CHECKPOINT.exec(name) ?? [];
  return step === undefined ? undefined : { step: Number(step), rollbacks: Number(rollbacks) };
}

/** The name under which a checkpoint that does not verify waits for whoever wants to look at it. */
export function setAsideName(checkpoint: string): string {
  return checkpoint + SET_ASIDE;
}

/** @param name  a path below the run's directory */
export function isSetAside(name: string): boolean {
  return name.startsWith(CHECKPOINTS + path.sep) && name.endsWith(SET_ASIDE);
}
