import { GradloomError, printable } from '../../errors.ts';

/** What is wrong with a row that was given to a model, before it is known which row it is. */
export class RowFault extends Error {
  /** The column's name, or the number of a value in a row without names. */
  readonly column: string | undefined;
  readonly next: string | undefined;

  constructor(message: string, { column, next }: { column?: string | undefined; next?: string | undefined } = {}) {
    super(message);
    this.column = column;
    this.next = next;
  }
}

/** @param where  `row 3`, `rows.jsonl:4` */
export function rowError(where: string, { message, column, next }: RowFault): GradloomError {
  const place = column === undefined ? where : `${where}, ${column}`;
  return new GradloomError({ code: 'E_ROW', where: place, message, next });
}

/** Does something with a row, which `placeOf` names as for `rowError`. @throws GradloomError E_ROW for a RowFault */
export function inRow<T>(placeOf: () => string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RowFault ? rowError(placeOf(), error) : error;
  }
}

/** Whether a value has others in an order: a list, or a typed array. */
export function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

const MAX_SHOWN = 60;

/** A value as it was given, for a message. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'string') return printable(JSON.stringify(value), MAX_SHOWN);
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'boolean' || value === null) return String(value);
  return `a value of type ${typeof value}`;
}

/** `a, b, c ...` */
export function listed(names: readonly string[], most = 12): string {
  const shown = names.slice(0, most).map((name) => printable(name, MAX_SHOWN));
  return `${shown.join(', ')}${names.length > most ? `, ... (${names.length})` : ''}`;
}
