import { closest } from '../../config/text/closest.ts';
import { printable } from '../../errors.ts';
import type { ParameterValue } from '../value.ts';

/** What kinds of value a key can have. */
export type Kind = 'number' | 'boolean' | 'text' | 'null' | 'list';

/** How a constraint sees the keys. */
export interface Scope {
  /** The kinds that a key's values can be; undefined for a key that there is not. */
  kinds: (key: string) => ReadonlySet<Kind> | undefined;
  /** All keys, for suggestions. */
  keys: () => Iterable<string>;
}

/** A value by key; undefined for a parameter whose `when` does not hold. */
export type Lookup = (key: string) => ParameterValue | undefined;

export interface Constraint {
  readonly text: string;
  /** Whether it holds. One that names a parameter which is not there asks nothing. */
  holds: (lookup: Lookup) => boolean;
}

/** What is wrong with a constraint, and where in its text. */
export class ConstraintError extends Error {
  readonly from: number;
  readonly to: number;

  constructor(message: string, { from, to }: Span) {
    super(message);
    this.from = from;
    this.to = to;
  }
}

interface Span {
  readonly from: number;
  readonly to: number;
}

interface Token extends Span {
  readonly kind: 'number' | 'text' | 'key' | 'mark' | 'end';
  readonly text: string;
}

interface Expression extends Span {
  readonly kinds: ReadonlySet<Kind>;
  readonly keys: readonly string[];
  evaluate: (lookup: Lookup) => ParameterValue;
}

const TOKEN =
  /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?<text>"[^"]*"|'[^']*')|(?<key>[A-Za-z_]\w*(?:\.\w+)*)|(?<mark><=|>=|==|!=|[<>=+\-*/()]))/y;
const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};
const EQUALITIES: readonly string[] = ['==', '!=', '='];
const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};
const NUMBER: ReadonlySet<Kind> = new Set(['number']);
const BOOLEAN: ReadonlySet<Kind> = new Set(['boolean']);
/** Parentheses and signs: V8's stack holds far more. */
const MAX_NESTING = 50;

export function kindOf(value: ParameterValue): Kind {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'text';
  return typeof value === 'object' ? 'list' : typeof value === 'number' ? 'number' : 'boolean';
}

/**
 * Reads a condition such as `model.layers.1.units <= model.layers.0.units and optimizer.lr * train.batch_size < 1`:
 * comparisons (also `0 < a <= b`), + - * /, parentheses, and, or, not; keys, numbers, true, false and "text". Nothing is executed.
 *
 * @throws ConstraintError with the place in the text
 */
export function parseConstraint(text: string, scope: Scope): Constraint {
  const expression = new ConstraintParser(text, scope).parse();
  return {
    text,
    holds: (lookup) => expression.keys.some((key) => lookup(key) === undefined) || expression.evaluate(lookup) === true,
  };
}

class ConstraintParser {
  readonly #tokens: readonly Token[];
  readonly #scope: Scope;
  #at = 0;
  #nesting = 0;

  constructor(text: string, scope: Scope) {
    this.#tokens = tokensOf(text);
    this.#scope = scope;
  }

  parse(): Expression {
    const expression = this.#or();
    const rest = this.#token;
    if (rest.kind !== 'end') throw new ConstraintError(`not understood; got ${shown(rest)}; expected and, or, or the end`, rest);
    if (!isOnly(expression.kinds, 'boolean'))
      throw new ConstraintError('not a condition; expected a comparison such as a <= b', expression);
    return expression;
  }

  get #token(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
  }

  /** Takes the next token if it is one of these marks or words. */
  #take(...texts: readonly string[]): string | undefined {
    const { kind, text } = this.#token;
    if ((kind !== 'mark' && kind !== 'key') || !texts.includes(text)) return undefined;
    this.#at++;
    return text;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#take('or') !== undefined) left = both(left, this.#and(), (a, b) => a || b);
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#take('and') !== undefined) left = both(left, this.#not(), (a, b) => a && b);
    return left;
  }

  #not(): Expression {
    const { from } = this.#token;
    if (this.#take('not') === undefined) return this.#comparison();
    const inner = this.#nested(() => this.#not());
    requireKind(inner, 'boolean', 'not');
    return { ...inner, from, kinds: BOOLEAN, evaluate: (lookup) => inner.evaluate(lookup) !== true };
  }

  #comparison(): Expression {
    let left = this.#sum();
    let result: Expression | undefined;
    for (;;) {
      const mark = this.#take(...Object.keys(COMPARISONS), ...EQUALITIES);
      if (mark === undefined) return result ?? left;
      const right = this.#sum();
      const one = compare(left, mark, right);
      result = result === undefined ? one : both(result, one, (a, b) => a && b);
      left = right;
    }
  }

  #sum(): Expression {
    let left = this.#product();
    for (let mark = this.#take('+', '-'); mark !== undefined; mark = this.#take('+', '-')) left = calculate(left, mark, this.#product());
    return left;
  }

  #product(): Expression {
    let left = this.#value();
    for (let mark = this.#take('*', '/'); mark !== undefined; mark = this.#take('*', '/')) left = calculate(left, mark, this.#value());
    return left;
  }

  #value(): Expression {
    const token = this.#token;
    const { from, to } = token;
    if (this.#take('(') !== undefined) {
      const inner = this.#nested(() => this.#or());
      const end = this.#token;
      if (this.#take(')') === undefined) throw new ConstraintError(`a ( that is never closed; got ${shown(end)}`, end);
      return { ...inner, from, to: end.to };
    }
    if (this.#take('-') !== undefined) {
      const inner = this.#nested(() => this.#value());
      requireKind(inner, 'number', '-');
      return { ...inner, from, evaluate: (lookup) => -Number(inner.evaluate(lookup)) };
    }
    this.#at++;
    if (token.kind === 'number') return constant(Number(token.text), token);
    if (token.kind === 'text') return constant(token.text.slice(1, -1), token);
    if (token.kind !== 'key' || token.text === 'and' || token.text === 'or')
      throw new ConstraintError(`not understood; got ${shown(token)}; expected a key or a number`, token);
    if (token.text === 'true' || token.text === 'false') return constant(token.text === 'true', token);
    const key = token.text;
    const kinds = this.#scope.kinds(key);
    if (kinds === undefined) {
      const near = closest(key, [...this.#scope.keys()]);
      const about = near === undefined ? 'expected a key of the experiment, or "text" in quotes' : `did you mean ${near}?`;
      throw new ConstraintError(`unknown key ${printable(key, 80)}; ${about}`, token);
    }
    return { from, to, kinds, keys: [key], evaluate: (lookup) => lookup(key) ?? null };
  }

  #nested(parse: () => Expression): Expression {
    if (++this.#nesting > MAX_NESTING) throw new ConstraintError(`nested deeper than ${MAX_NESTING} levels`, this.#token);
    const result = parse();
    this.#nesting--;
    return result;
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const start = TOKEN.lastIndex;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) {
      const from = start + (text.slice(start).length - text.slice(start).trimStart().length);
      throw new ConstraintError(`not understood; got ${printable(text.charAt(from))}`, { from, to: from + 1 });
    }
    const [kind, word] = (['number', 'text', 'key', 'mark'] as const)
      .map((name) => [name, groups[name]] as const)
      .find(([, found]) => found !== undefined) ?? ['mark', ''];
    const to = TOKEN.lastIndex;
    tokens.push({ kind, text: word ?? '', from: to - (word ?? '').length, to });
  }
  tokens.push({ kind: 'end', text: '', from: end, to: end });
  return tokens;
}

function shown(token: Token): string {
  return token.kind === 'end' ? 'the end' : printable(token.text, 80);
}

function isOnly(kinds: ReadonlySet<Kind>, kind: Kind): boolean {
  return kinds.size === 1 && kinds.has(kind);
}

function requireKind(expression: Expression, kind: 'number' | 'boolean', operator: string): void {
  if (isOnly(expression.kinds, kind)) return;
  const expected = kind === 'number' ? 'numbers' : 'conditions';
  throw new ConstraintError(`${operator} takes ${expected}; got ${[...expression.kinds].join(' or ')}`, expression);
}

function constant(value: number | string | boolean, { from, to }: Span): Expression {
  return { from, to, kinds: new Set([kindOf(value)]), keys: [], evaluate: () => value };
}

function joined(a: Expression, b: Expression): Pick<Expression, 'from' | 'to' | 'keys'> {
  return { from: a.from, to: b.to, keys: [...a.keys, ...b.keys] };
}

function both(a: Expression, b: Expression, join: (a: boolean, b: boolean) => boolean): Expression {
  for (const side of [a, b]) requireKind(side, 'boolean', 'and, or');
  return { ...joined(a, b), kinds: BOOLEAN, evaluate: (lookup) => join(a.evaluate(lookup) === true, b.evaluate(lookup) === true) };
}

function compare(a: Expression, mark: string, b: Expression): Expression {
  const test = COMPARISONS[mark];
  if (test === undefined) {
    const wanted = mark !== '!=';
    return { ...joined(a, b), kinds: BOOLEAN, evaluate: (lookup) => (a.evaluate(lookup) === b.evaluate(lookup)) === wanted };
  }
  for (const side of [a, b]) requireKind(side, 'number', mark);
  return { ...joined(a, b), kinds: BOOLEAN, evaluate: (lookup) => test(Number(a.evaluate(lookup)), Number(b.evaluate(lookup))) };
}

function calculate(a: Expression, mark: string, b: Expression): Expression {
  for (const side of [a, b]) requireKind(side, 'number', mark);
  const join = ARITHMETIC[mark] ?? ((): number => Number.NaN);
  return { ...joined(a, b), kinds: NUMBER, evaluate: (lookup) => join(Number(a.evaluate(lookup)), Number(b.evaluate(lookup))) };
}
