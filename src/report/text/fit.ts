import { type Table, type TableLook, tableWidth } from './table.ts';

export interface Fitting<Column> {
  shown: readonly Column[];
  /** What had to go, in the order of the columns. */
  left: readonly Column[];
  /** Of the columns shown; titles take two lines where they are too wide otherwise. */
  table: Table;
}

/**
 * A table with as many columns as fit.
 *
 * @param goes     the column to do without next, of those that are still shown; undefined when the rest must stay
 * @param tableOf  the table of some columns
 */
export function fitColumns<Column>(
  columns: readonly Column[],
  { boxed, columns: room = Number.POSITIVE_INFINITY }: TableLook,
  goes: (shown: readonly Column[]) => Column | undefined,
  tableOf: (shown: readonly Column[]) => Table,
): Fitting<Column> {
  let shown = columns;
  for (;;) {
    const whole = tableOf(shown);
    const table = tableWidth(whole, boxed) > room ? withShortHeads(whole) : whole;
    const gone = tableWidth(table, boxed) > room ? goes(shown) : undefined;
    if (gone === undefined) return { shown, left: columns.filter((column) => !shown.includes(column)), table };
    shown = shown.filter((column) => column !== gone);
  }
}

/** Breaks titles that are wider than what stands below them: `min val.loss` after the word, a config key before its last name. */
function withShortHeads(table: Table): Table {
  const head = table.head.map((title, i) => {
    const width = Math.max(...table.rows.map((cells) => cells[i]?.length ?? 0));
    return title.length <= width ? title : title.replace(/ |(?<=\.)(?=[^.]+$)/, '\n');
  });
  return { ...table, head };
}
