import { Composer, type CST, type Document, Lexer, Parser } from 'yaml';
import { printable } from '../../errors.ts';
import { Converter } from './convert.ts';
import { dotted, type Node, type Path } from './node.ts';
import type { Problems } from './problems.ts';
import { MAX_BYTES, type Place, type Source } from './source.ts';
import { isOwnTagWarning } from './tags.ts';

export const MAX_DEPTH = 64;
/** A thousand layers with all their keys use half of it; a megabyte of brackets would keep the composer busy for 10 s. */
const MAX_TOKENS = 131_072;

/**
 * Parses one YAML 1.2 document (core schema) into a tree of located values.
 *
 * @param from  where the YAML starts in the source: after `key=` in a command-line argument
 * @param base  the path that the document's values stand under
 * @param to    where the YAML ends
 * @returns undefined when the text is empty or its syntax is broken; problems say which
 */
export function parseTree(source: Source, problems: Problems, from = 0, base: Path = [], to = source.text.length): Node | undefined {
  const text = source.text.slice(from, to);
  const whole: Place = { source, from, to: from };
  if (text.length > MAX_BYTES || new TextEncoder().encode(text).length > MAX_BYTES) {
    problems.add('E_YAML_TOO_LARGE', '', 'larger than 1 MiB, the limit of a config file', whole);
    return undefined;
  }
  const tokens = tokensOf(text);
  if (!Array.isArray(tokens)) {
    problems.add(tokens.code, '', tokens.message, { source, from: from + tokens.at, to: from + tokens.at + 1 });
    return undefined;
  }
  const document = composeOne(tokens, text.length, { source, from }, problems);
  if (document === undefined) return undefined;
  if (document.contents === null) {
    if (source.kind === 'command line') problems.add('E_OVERRIDE', dotted(base), 'no value after =', whole);
    else problems.add('E_CONFIG_READ', '', 'the file is empty', whole);
    return undefined;
  }
  const converter = new Converter(source, from, problems);
  const tree = converter.convert(document.contents, base, whole);
  return converter.exhausted ? undefined : tree;
}

interface Excess {
  code: 'E_YAML_TOO_DEEP' | 'E_YAML_TOO_LARGE';
  message: string;
  at: number;
}

/**
 * The document's tokens, or where they become too many or nest too deep. The composer recurses once a level, and V8 aborts the
 * process (no exception) when that happens often enough, so the depth is bounded here, where the parser keeps a stack of its own.
 */
function tokensOf(text: string): CST.Token[] | Excess {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    const at = Math.max(0, parser.offset - lexeme.length);
    if (parser.stack.length > MAX_DEPTH && collections(parser.stack) > MAX_DEPTH) {
      return { code: 'E_YAML_TOO_DEEP', message: `nested deeper than ${MAX_DEPTH} levels`, at };
    }
    // Each escape can be an error of its own.
    count += lexeme.startsWith('"') ? lexeme.split('\\').length : 1;
    if (count > MAX_TOKENS) return { code: 'E_YAML_TOO_LARGE', message: `more than ${MAX_TOKENS} words and marks`, at };
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

/** Why a text is more than the composer should be given: `nested deeper than 64 levels`; undefined if it is not. */
export function excessOf(text: string): string | undefined {
  const tokens = tokensOf(text);
  return Array.isArray(tokens) ? undefined : tokens.message;
}

function collections(stack: readonly CST.Token[]): number {
  return stack.filter(({ type }) => type === 'flow-collection' || type === 'block-map' || type === 'block-seq').length;
}

function composeOne(
  tokens: CST.Token[],
  length: number,
  at: Pick<Place, 'source' | 'from'>,
  problems: Problems,
): Document.Parsed | undefined {
  // Duplicate keys are found by the converter: the composer's own check is quadratic.
  const options = {
    schema: 'core',
    version: '1.2',
    strict: true,
    uniqueKeys: false,
    stringKeys: true,
    resolveKnownTags: false,
    merge: false,
  } as const;
  const documents = [...new Composer(options).compose(tokens, true, length)];
  const [document, second] = documents;
  if (document === undefined) return undefined;
  const faults = [...document.errors, ...document.warnings].filter(({ message }) => !isOwnTagWarning(message));
  for (const { code, message, pos } of faults) {
    const place = { source: at.source, from: at.from + pos[0], to: at.from + pos[1] };
    if (code === 'TAG_RESOLVE_FAILED') problems.add('E_YAML_TAG', '', 'custom tags are not allowed', place);
    else problems.add('E_YAML_SYNTAX', '', inOurVoice(message), place);
  }
  if (second !== undefined) {
    const start = at.from + second.range[0];
    problems.add('E_YAML_SYNTAX', '', 'a second document starts here; a config file holds one', {
      source: at.source,
      from: start,
      to: start,
    });
  }
  if (document.directives.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
    problems.add('E_YAML_SYNTAX', '', `%YAML ${document.directives.yaml.version} is not read; config files are YAML 1.2`, {
      ...at,
      to: at.from,
    });
  }
  return faults.length > 0 || second !== undefined ? undefined : document;
}

function inOurVoice(message: string): string {
  const shown = printable(message);
  return shown.charAt(0).toLowerCase() + shown.slice(1);
}
