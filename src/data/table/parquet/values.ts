import type { DecodedArray, SchemaElement } from 'hyparquet';
import type { Block, ColumnRole } from '../rows/block.ts';
import { MISSING_CODE, UNKNOWN_CODE } from '../rows/dictionary.ts';
import { missingValue, notFinite, notNumber, unknownValue } from '../rows/faults.ts';
import { isMissing } from '../rows/number.ts';

/** What the values of a column are, if we can use them. */
export function kindOf({
  type,
  converted_type: converted,
  logical_type: logical,
}: SchemaElement): 'number' | 'boolean' | 'text' | undefined {
  const name = logical?.type ?? converted;
  if (type === 'BOOLEAN') return 'boolean';
  if (type === 'FLOAT' || type === 'DOUBLE') return 'number';
  if (name === 'FLOAT16' || name === 'DECIMAL') return 'number';
  if (type === 'INT32' || type === 'INT64') return name === undefined || /^(?:U?INT_|INTEGER)/.test(name) ? 'number' : undefined;
  if (type === 'BYTE_ARRAY') return name === undefined || ['STRING', 'UTF8', 'ENUM'].includes(name) ? 'text' : undefined;
  return undefined;
}

interface Place {
  path: string;
  /** Of the first value, from 0. */
  row: number;
  name: string;
}

/** Writes the values of a column to the rows of a block from `first`. @throws GradloomError E_TABLE_VALUE or E_DATA_NONFINITE with the row */
export function fillColumn(values: DecodedArray, role: ColumnRole, block: Block, first: number, place: Place): void {
  if (role.kind === 'number') {
    const to = block[role.to];
    const width = block.widths[role.to];
    for (let i = 0; i < values.length; i++) to[(first + i) * width + role.slot] = numberOf(values[i], role, place, i);
  } else if (role.kind === 'text') {
    const width = block.widths.texts;
    for (let i = 0; i < values.length; i++) block.codes[(first + i) * width + role.slot] = codeOf(values[i], role, place, i);
  }
}

function numberOf(value: unknown, role: Extract<ColumnRole, { kind: 'number' }>, { path, row, name }: Place, i: number): number {
  if (value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value))) {
    if (role.missing === 'error') throw missingValue(path, row + i + 1, name, role.to === 'features' ? 'feature' : 'other');
    return Number.NaN;
  }
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'boolean')
    throw notNumber(path, row + i + 1, name, textOf(value), { decimal: '.', use: role.to });
  const rounded = Math.fround(Number(value));
  if (!Number.isFinite(rounded)) throw notFinite(path, row + i + 1, name, textOf(value));
  return rounded;
}

function codeOf(value: unknown, role: Extract<ColumnRole, { kind: 'text' }>, { path, row, name }: Place, i: number): number {
  const text = value === null || value === undefined ? '' : textOf(value).trim();
  if (isMissing(text)) {
    if (role.missing === 'error') throw missingValue(path, row + i + 1, name, role.use === 'feature' ? 'feature' : 'other');
    return MISSING_CODE;
  }
  const code = role.dictionary.codeOfText(text);
  if (code === UNKNOWN_CODE && role.unknown !== 'zeros') throw unknownValue(path, row + i + 1, name, text, role);
  return code;
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? `${value}`
    : JSON.stringify(value);
}
