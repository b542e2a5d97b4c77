/** What a key of an experiment can change: the result, only the execution, or nothing at all (it names the run, or says where things are). */
export type KeyKind = 'result' | 'execution' | 'label';

/** The kind of a dotted key; `resultKeys` leaves out exactly those that are not of the result. */
export function kindOfKey(key: string): KeyKind {
  if (/^(?:name|tags|track\.dir|track\.notes)(?:\.|$)/.test(key)) return 'label';
  return /^(?:parallel|track|train\.checkpoint)(?:\.|$)/.test(key) ? 'execution' : 'result';
}

/** Whether a key's value is the path of a file, which counts by its content. */
export function isPathKey(key: string): boolean {
  return /^data\.(?:sample_weights|source\.(?:images|labels|test_images|test_labels))$|^model\..*\bpath$|^parent\.run$/.test(key);
}
