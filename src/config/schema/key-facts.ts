import { type Outline, outline } from './outline.ts';

/** What a key of an experiment can change: the result, only the execution, or nothing at all (it names the run, or says where things are). */
export type KeyKind = 'result' | 'execution' | 'label';

/** What the schema says of a key, beside its values. */
export interface KeyFacts {
  kind: KeyKind;
  /** Its value is the path of a file, which counts by its content. */
  isPath: boolean;
  /** Its value is the path of a directory that something is written to. */
  isDirectory: boolean;
  /** It decides which lines metrics.jsonl has. */
  isRecorded: boolean;
  /** The fingerprint of the data set stands for it. */
  isData: boolean;
  /** It says how long the training is. */
  isLength: boolean;
}

const known = new Map<string, KeyFacts>();

/** The facts of a dotted key, `model.layers.0.units`; what a map says counts for all that is in it, until a key in it says otherwise. */
export function factsOf(key: string): KeyFacts {
  const before = known.get(key);
  if (before !== undefined) return before;
  const facts: KeyFacts = { kind: 'result', isPath: false, isDirectory: false, isRecorded: false, isData: false, isLength: false };
  let at: readonly Outline[] = [outline];
  for (const part of key.split('.')) {
    at = at.flatMap((parent) => childrenOf(parent, part));
    for (const { kind, isPath, isDirectory, isRecorded, isData, isLength } of at) {
      facts.kind = kind ?? facts.kind;
      facts.isPath ||= isPath === true;
      facts.isDirectory ||= isDirectory === true;
      facts.isRecorded ||= isRecorded === true;
      facts.isData ||= isData === true;
      facts.isLength ||= isLength === true;
    }
  }
  known.set(key, facts);
  return facts;
}

/** What may stand under a name in a map, or under a number in a list, in any variant; with its variants. */
function childrenOf({ properties, items, additionalProperties, anyOf = [], oneOf = [] }: Outline, part: string): Outline[] {
  const own = [
    properties?.[part],
    /^\d+$/.test(part) ? items : undefined,
    additionalProperties === false ? undefined : additionalProperties,
  ];
  return [...own.filter((child) => child !== undefined), ...[...anyOf, ...oneOf].flatMap((variant) => childrenOf(variant, part))];
}

/** An experiment without the keys that `drop` names. */
export function withoutKeys(experiment: object, drop: (facts: KeyFacts) => boolean): Record<string, unknown> {
  return kept(experiment, '', drop) as Record<string, unknown>;
}

function kept(value: unknown, at: string, drop: (facts: KeyFacts) => boolean): unknown {
  if (Array.isArray(value)) return value.map((item, i) => kept(item, `${at}.${i}`, drop));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, child]): [string, unknown][] => {
    const path = at === '' ? key : `${at}.${key}`;
    return drop(factsOf(path)) ? [] : [[key, kept(child, path, drop)]];
  });
  return Object.fromEntries(entries);
}
