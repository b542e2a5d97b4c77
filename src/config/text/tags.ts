import type { ErrorCode } from '../../errors.ts';
import { printable } from '../../errors.ts';

const PREFIX = 'tag:yaml.org,2002:';
const INTEGER = /^[-+]?\d+$/;
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const NO_NUMBER = /^(?:[-+]?\.inf|\.nan)$/i;
const SCALARS: readonly string[] = ['str', 'int', 'float', 'bool', 'null'];

/** The short name of one of YAML's own tags: `float` for `!!float`; undefined for a custom one. `!` alone asks for text. */
export function ownTag(tag: string): string | undefined {
  if (tag === '!') return 'str';
  const name = tag.startsWith(PREFIX) ? tag.slice(PREFIX.length) : '';
  return [...SCALARS, 'map', 'seq'].includes(name) ? name : undefined;
}

/** Whether a tag that the parser could not resolve is one that `taggedValue` reads. */
export function isOwnTagWarning(message: string): boolean {
  const tag = /^Unresolved tag: (?<tag>\S+)$/.exec(message)?.groups?.['tag'];
  return tag !== undefined && ownTag(tag) !== undefined;
}

export type Tagged = { value: string | number | boolean | null } | { code: ErrorCode; message: string };

/**
 * What a scalar means with one of YAML's own tags before it; a number may still be one that no double holds.
 *
 * @param text  without quotes and escapes
 */
export function taggedValue(tag: string, text: string): Tagged {
  const refuse = (what: string, code: ErrorCode = 'E_CONFIG_TYPE'): Tagged => ({
    code,
    message: `${what}; got !!${tag} ${printable(text, 80)}`,
  });
  switch (tag) {
    case 'str':
      return { value: text };
    case 'int':
      if (INTEGER.test(text)) return { value: Number(text) };
      return refuse('not an integer', NUMBER.test(text) ? 'E_CONFIG_INTEGER' : 'E_CONFIG_TYPE');
    case 'float':
      if (NUMBER.test(text)) return { value: Number(text) };
      return refuse(
        NO_NUMBER.test(text) ? 'not a finite number' : 'not a number',
        NO_NUMBER.test(text) ? 'E_CONFIG_RANGE' : 'E_CONFIG_TYPE',
      );
    case 'bool':
      if (/^(?:true|True|TRUE|false|False|FALSE)$/.test(text)) return { value: text.toLowerCase() === 'true' };
      return refuse('neither true nor false');
    case 'null':
      return /^(?:~|null|Null|NULL|)$/.test(text) ? { value: null } : refuse('not null');
    default:
      return refuse(`a word is no ${tag === 'map' ? 'map of keys' : 'list'}`);
  }
}

/** What is wrong with one of YAML's own tags before a map or a list; undefined where it says what stands there. */
export function collectionFault(tag: string, kind: 'map' | 'list'): string | undefined {
  const fits = tag === (kind === 'map' ? 'map' : 'seq');
  return fits ? undefined : `wrong type; got a ${kind} under the tag !!${tag}`;
}
