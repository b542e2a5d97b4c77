import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync } from 'oxc-parser';
import type { Outline } from '../../../src/config/schema/outline.ts';
import { randomFrom } from './fuzz.ts';

/** A part of a type as the parser has it: `kind` with whatever belongs to it. */
interface TypeNode {
  type: string;
  [part: string]: unknown;
}

const nodeOf = (value: unknown): TypeNode => value as TypeNode;
const nodesOf = (value: unknown): TypeNode[] => value as TypeNode[];
const nameOf = (value: unknown): string => String(nodeOf(value)['name']);

/** Texts for keys whose form a type does not tell. */
const TEXTS: Readonly<Record<string, string>> = { name: 'a-name', delimiter: ';', sha256: '0'.repeat(64) };
/** A key that need not be there is there so often. */
const GIVEN = 0.3;

/**
 * Values of the types in src/config/input, drawn from the text of the types: which keys and words there are is what the types say. Of
 * numbers, a type says no range; that is the schema's.
 */
export class TypedSamples {
  readonly #types = new Map<string, TypeNode>();
  readonly #random: () => number;

  constructor(folder: string, seed: number) {
    this.#random = randomFrom(seed);
    for (const file of readdirSync(folder)) {
      const { program, errors } = parseSync(file, readFileSync(path.join(folder, file), 'utf8'));
      if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
      for (const { type, ...statement } of program.body as unknown as TypeNode[]) {
        if (type !== 'ExportNamedDeclaration') continue;
        const declared = nodeOf(statement['declaration']);
        this.#types.set(nameOf(declared['id']), nodeOf(declared['body'] ?? declared['typeAnnotation']));
      }
    }
  }

  /** The keys of a named map. */
  keysOf(name: string): string[] {
    return this.#membersOf(this.#named(name)).map(({ key }) => key);
  }

  /** @param at  what the schema says of the key, for the ranges of numbers */
  ofKey(name: string, key: string, at: Outline): unknown {
    const member = this.#membersOf(this.#named(name)).find((one) => one.key === key);
    if (member === undefined) throw new Error(`${name} has no ${key}`);
    return this.#draw(member.type, [at], key);
  }

  #named(name: string): TypeNode {
    const found = this.#types.get(name);
    if (found === undefined) throw new Error(`no type ${name}`);
    return found;
  }

  #pick<T>(options: readonly T[]): T {
    return options[Math.floor(this.#random() * options.length)] as T;
  }

  #draw(node: TypeNode, within: readonly Outline[], key: string): unknown {
    const at = within.flatMap(allOf);
    switch (node.type) {
      case 'TSParenthesizedType':
      case 'TSTypeOperator':
        return this.#draw(nodeOf(node['typeAnnotation']), at, key);
      case 'TSUnionType': {
        const options = nodesOf(node['types']).filter(({ type }) => type !== 'TSUndefinedKeyword');
        return this.#draw(this.#pick(options), at, key);
      }
      case 'TSTypeReference':
        return this.#reference(node, at, key);
      case 'TSLiteralType':
        return literalOf(nodeOf(node['literal']));
      case 'TSTemplateLiteralType':
        return `top${2 + Math.floor(this.#random() * 9)}_accuracy`;
      case 'TSArrayType': {
        const items = at.flatMap(({ items: item }) => item ?? []);
        const least = Math.max(1, ...at.map(({ minItems }) => minItems ?? 1));
        const most = Math.min(least + 2, ...at.map(({ maxItems }) => maxItems ?? least + 2));
        return Array.from({ length: least + Math.floor(this.#random() * (most - least + 1)) }, () =>
          this.#draw(nodeOf(node['elementType']), items, key),
        );
      }
      case 'TSTupleType':
        return nodesOf(node['elementTypes']).map((item) => this.#draw(item, at.flatMap(itemsOf), key));
      case 'TSNumberKeyword':
        return this.#number(at);
      case 'TSBooleanKeyword':
        return this.#random() < 0.5;
      case 'TSStringKeyword':
        return TEXTS[key] ?? this.#pick(['a', 'val.loss', './b']);
      case 'TSTypeLiteral':
      case 'TSInterfaceBody':
      case 'TSIntersectionType':
        return this.#map(node, at);
      default:
        throw new Error(`${node.type} is not among the types of the input`);
    }
  }

  #reference(node: TypeNode, at: readonly Outline[], key: string): unknown {
    const name = nameOf(node['typeName']);
    const [first, second] = nodesOf(nodeOf(node['typeArguments'] ?? {})['params'] ?? []);
    if (name === 'Readonly' && first !== undefined) return this.#draw(first, at, key);
    if (name !== 'Record' || second === undefined) return this.#draw(this.#named(name), at, key);
    return {
      some: this.#draw(
        second,
        at.flatMap(({ additionalProperties }) => additionalProperties || []),
        key,
      ),
    };
  }

  #map(node: TypeNode, at: readonly Outline[]): Record<string, unknown> {
    const members = this.#membersOf(node);
    const tag = members.find(({ key, type }) => key === 'type' && type.type !== 'TSUndefinedKeyword')?.type;
    const word = tag === undefined ? undefined : this.#draw(tag, [], 'type');
    const maps = at.filter(({ properties }) => properties !== undefined && (word === undefined || properties['type']?.const === word));
    const drawn: Record<string, unknown> = {};
    for (const { key, type, isOptional } of members) {
      if (type.type === 'TSUndefinedKeyword' || (isOptional && this.#random() > GIVEN)) continue;
      drawn[key] = this.#draw(
        type,
        maps.flatMap(({ properties }) => properties?.[key] ?? []),
        key,
      );
    }
    return drawn;
  }

  /** Of several maps in one, an option of each is taken. */
  #membersOf(node: TypeNode): { key: string; type: TypeNode; isOptional: boolean }[] {
    if (node.type === 'TSParenthesizedType') return this.#membersOf(nodeOf(node['typeAnnotation']));
    if (node.type === 'TSIntersectionType') return nodesOf(node['types']).flatMap((part) => this.#membersOf(part));
    if (node.type === 'TSUnionType') return this.#membersOf(this.#pick(nodesOf(node['types'])));
    return nodesOf(node['members'] ?? node['body']).map((member) => ({
      key: nameOf(member['key']),
      type: nodeOf(nodeOf(member['typeAnnotation'])['typeAnnotation']),
      isOptional: member['optional'] === true,
    }));
  }

  #number(at: readonly Outline[]): number {
    const said = at.find(({ type }) => type === 'integer' || type === 'number');
    if (said === undefined) throw new Error('the type has a number where the schema has none');
    const { type, minimum = -10, maximum = 1e6, exclusiveMinimum, exclusiveMaximum } = said;
    const low = Math.max(exclusiveMinimum ?? minimum, -10);
    const high = Math.min(exclusiveMaximum ?? maximum, low + 10);
    if (type === 'integer') return Math.floor(low + this.#random() * (high - low));
    return low + (0.001 + 0.998 * this.#random()) * (high - low);
  }
}

/** A schema with its options, and theirs. */
function allOf(at: Outline): Outline[] {
  return [at, ...[...(at.anyOf ?? []), ...(at.oneOf ?? [])].flatMap(allOf)];
}

function itemsOf({ items, ...at }: Outline & { prefixItems?: Outline[] }): Outline[] {
  return [...(items === undefined ? [] : [items]), ...(at.prefixItems ?? [])];
}

function literalOf(literal: TypeNode): unknown {
  if (literal.type === 'Literal') return literal['value'];
  if (literal.type === 'TemplateLiteral') return 'top3_accuracy';
  throw new Error(`a literal of kind ${literal.type}`);
}
