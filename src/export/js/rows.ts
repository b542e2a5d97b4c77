import type { Preprocess } from '../../data/preprocess/preprocess.ts';

/** Whether rows come from named columns. */
export function needsEncode({ input }: Preprocess): boolean {
  return input.kind === 'table';
}

/** `encode` of a module: a row as an object by column names, as the numbers that `predict` takes. */
export function encodeText({ input }: Preprocess): string {
  if (input.kind !== 'table') throw new RangeError('only tables have columns by name');
  return `/** The columns of the data, and what stands for a missing value. */
const columns = ${JSON.stringify(input.columns, null, 2)};

/**
 * A row by the names of its columns as the numbers that \`predict\` takes: categories become one 1 among 0s, missing values what stands for
 * them. null, undefined, '' and NaN are missing; other columns are ignored.
 *
 * @param {Record<string, number | string | boolean | null | undefined>} row
 * @returns {number[]} in the order of \`features\`
 * @throws {TypeError} naming the column whose value is missing, no number, or no category that is known
 */
export function encode(row) {
  return columns.flatMap((column) => {
    const given = Object.hasOwn(row, column.name) ? row[column.name] : undefined;
    const isMissing = given === null || given === undefined || given === '' || Number.isNaN(given);
    if (isMissing && column.fill === undefined) throw new TypeError(\`\${column.name}: missing\`);
    const value = isMissing ? column.fill : given;
    const numbers = column.type === 'number' ? [numberOf(column, value)] : oneHot(column, String(value));
    return column.indicator ? [...numbers, isMissing ? 1 : 0] : numbers;
  });
}

function numberOf(column, value) {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw new TypeError(\`\${column.name}: \${String(value)}, expected a number\`);
  return number;
}

function oneHot(column, value) {
  if (column.unknown === 'error' && !column.categories.includes(value)) {
    throw new TypeError(\`\${column.name}: \${value}, expected one of \${column.categories.join(', ')}\`);
  }
  return column.categories.map((category) => (category === value ? 1 : 0));
}`;
}
