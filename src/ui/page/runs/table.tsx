import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RunRow, RunsColumn } from '../../protocol.ts';
import { hashOf, setParameters } from '../link/route.ts';
import { Status } from '../parts/parts.tsx';
import { Tags } from './tags.tsx';
import { ticked } from './ticked.ts';
import type { RunsWindow } from './window.ts';

/** As the style has it. */
const ROW_PX = 34;
/** Rows come and go by so many: at most steps of scrolling nothing is drawn anew. */
const STRIDE = 10;
const WIDEST = 34;

interface RunsTableProps {
  runs: RunsWindow;
  sort: string;
  isReversed: boolean;
  /** Folds a group, or unfolds it. */
  onFold: (title: string) => void;
}

/** The table of runs; of ten thousand rows those on the screen are there. */
export function RunsTable({ runs, sort, isReversed, onFold }: RunsTableProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({ from: 0, to: 40 });
  const widths = useRef<{ of: string; letters: number[] }>({ of: '', letters: [] });
  const { meta } = runs;
  const rows = meta?.rows ?? 0;
  const columns = meta?.columns ?? [];
  const tagsAt = columns.findIndex(({ title }) => title === 'tags');

  const measure = (): void => {
    const element = box.current;
    if (element === null) return;
    const from = Math.max(0, Math.floor(element.scrollTop / ROW_PX / STRIDE) - 1) * STRIDE;
    const to = (Math.ceil((element.scrollTop + element.clientHeight) / ROW_PX / STRIDE) + 1) * STRIDE;
    setRange((before) => (before.from === from && before.to === to ? before : { from, to }));
  };
  useLayoutEffect(measure, [rows]);
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    if (box.current !== null) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const from = Math.min(range.from, Math.max(0, rows - 1));
  const to = Math.min(range.to, rows);
  useEffect(() => {
    if (rows > 0) runs.look(from, Math.max(from, to - 1));
  });

  const shown = Array.from({ length: to - from }, (_, i) => ({ index: from + i, row: runs.row(from + i) }));
  // Columns keep their width while rows come and go.
  const titles = columns.map(({ title }) => title).join('\n');
  if (widths.current.of !== titles) widths.current = { of: titles, letters: columns.map(({ title }) => title.length + 2) };
  for (const { row } of shown) {
    if (row?.type !== 'run') continue;
    row.cells.forEach((cell, i) => {
      widths.current.letters[i] = Math.min(WIDEST, Math.max(widths.current.letters[i] ?? 0, cell.length + 1));
    });
  }
  const span = columns.length + 1 + (tagsAt < 0 ? 1 : 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="scroll" ref={box} onScroll={measure} tabIndex={0} aria-label="runs">
      <div class="all" style={{ height: `${(rows + 1) * ROW_PX}px`, paddingTop: `${from * ROW_PX}px` }}>
        <table class="runs" aria-rowcount={rows + 1}>
          <colgroup>
            <col style={{ width: '2.2rem' }} />
            {columns.map((_, i) => (
              <col style={{ width: i === tagsAt ? '12rem' : `${widths.current.letters[i] ?? 8}ch` }} />
            ))}
            {tagsAt < 0 && <col style={{ width: '12rem' }} />}
          </colgroup>
          <thead>
            <tr aria-rowindex={1}>
              <th scope="col">
                <span class="unseen">compare</span>
              </th>
              {columns.map((column, i) => (
                <Head column={column} isFirst={i === 0} isSorted={sort === column.title} isReversed={isReversed} />
              ))}
              {tagsAt < 0 && (
                <th scope="col" class="text">
                  tags
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ index, row }) =>
              row === undefined ? (
                <tr key={`row ${index}`} aria-rowindex={index + 2}>
                  <td colSpan={span} class="faint">
                    …
                  </td>
                </tr>
              ) : row.type === 'group' ? (
                <tr key={`row ${index}`} class="group" aria-rowindex={index + 2}>
                  <th colSpan={span} scope="rowgroup" class="text">
                    <button type="button" class="plain" aria-expanded={!row.isFolded} onClick={() => onFold(row.title)}>
                      {row.isFolded ? '▸' : '▾'} {row.title} <span class="faint">{row.count === 1 ? '1 run' : `${row.count} runs`}</span>
                    </button>
                  </th>
                </tr>
              ) : (
                <Row key={row.key} row={row} index={index} columns={columns} tagsAt={tagsAt} />
              ),
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface HeadProps {
  column: RunsColumn;
  isFirst: boolean;
  isSorted: boolean;
  isReversed: boolean;
}

/** Pressed once it sorts, best first where one way is better; twice the other way round; then no more. */
function Head({ column: { title, isText }, isFirst, isSorted, isReversed }: HeadProps): JSX.Element {
  const press = (): void => {
    if (!isSorted) setParameters({ sort: title, reverse: '' });
    else if (isReversed) setParameters({ sort: '', reverse: '' });
    else setParameters({ reverse: '1' });
  };
  const order = !isSorted ? undefined : isReversed ? 'descending' : 'ascending';
  return (
    <th scope="col" class={isText ? 'text' : undefined} aria-sort={order}>
      <button type="button" onClick={press}>
        {isFirst ? 'run' : title}
      </button>
    </th>
  );
}

interface RowProps {
  row: RunRow;
  index: number;
  columns: readonly RunsColumn[];
  tagsAt: number;
}

function Row({ row, index, columns, tagsAt }: RowProps): JSX.Element {
  const { key, id, status, cells, problem, tags } = row;
  const tick = (isOn: boolean): void => {
    const next = new Set(ticked.value);
    if (isOn) next.add(key);
    else next.delete(key);
    ticked.value = next;
  };
  return (
    <tr aria-rowindex={index + 2} title={problem ?? undefined}>
      <td>
        <input
          type="checkbox"
          aria-label={`compare ${id}`}
          checked={ticked.value.has(key)}
          onChange={(event) => tick(event.currentTarget.checked)}
        />
      </td>
      {columns.map(({ title, isText }, i) => {
        if (i === tagsAt) return <Tags key={title} run={key} tags={tags} id={id} />;
        const cell = cells[i] ?? '';
        return (
          <td key={title} class={isText ? 'text' : undefined}>
            {i === 0 ? (
              <a href={hashOf('run', { key })} title={id}>
                {cell}
              </a>
            ) : title === 'status' ? (
              <Status status={status} />
            ) : (
              cell
            )}
          </td>
        );
      })}
      {tagsAt < 0 && <Tags run={key} tags={tags} id={id} />}
    </tr>
  );
}
