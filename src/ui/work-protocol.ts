/** What server and page tell each other of what can be started, and of what was; types only. */

export interface ConfigFile {
  /** Relative to the directory of the page, or the name of one that comes with gradloom. */
  name: string;
  kind: 'train' | 'sweep' | 'speedup';
}

/** A key that a form offers. */
export interface KeyInfo {
  key: string;
  type: string;
  description: string;
  /** Values that it may have, where they can be listed. */
  choices: readonly string[];
}

export interface ConfigsAnswer {
  configs: readonly ConfigFile[];
  keys: readonly KeyInfo[];
}

/** A key of a config in a form made from the schema. */
export interface FormField {
  key: string;
  /** The first part of the key: fields of a block stand together. */
  block: string;
  control: 'choice' | 'number' | 'text';
  /** Of a number. */
  isWhole: boolean;
  /** All that may be chosen; of a text, words that it may be beside others. */
  choices: readonly string[];
  /** Of a number, included; null where there is no such end. */
  least: number | null;
  most: number | null;
  /** In words, what may be written. */
  takes: string;
  description: string;
  /** As it is now, default or not, as it is written behind `key=`; '' where it is not set. */
  value: string;
}

export interface CheckAnswer {
  isValid: boolean;
  /** Of what is valid; null for what is not. */
  fields: readonly FormField[] | null;
  /** As `gradloom check` says it: the errors, or the resolved experiment. */
  text: string;
  notices: readonly string[];
}

export interface JobRow {
  id: number;
  /** As it could be typed. */
  command: string;
  status: 'running' | 'ended' | 'failed';
  started: string;
  /** The last lines of what it said. */
  output: string;
  exit: string;
  canStop: boolean;
}

export interface JobsAnswer {
  jobs: readonly JobRow[];
}
