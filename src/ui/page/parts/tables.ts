/** Sorts tables of the class `sort` by the heads that are pressed, as those of reports are: `data-v` of a cell is what it counts for. */
export function sortTables(page: Document): void {
  page.addEventListener('click', (event) => {
    const head = event.target instanceof Element ? event.target.closest('table.sort th') : null;
    const table = head?.closest('table');
    if (!(head instanceof HTMLTableCellElement) || head.firstElementChild?.tagName !== 'BUTTON' || table === null || table === undefined)
      return;
    const body = table.tBodies[0];
    if (body === undefined) return;
    const isUp = head.getAttribute('aria-sort') !== 'ascending';
    for (const other of table.querySelectorAll('th')) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', isUp ? 'ascending' : 'descending');
    const rows = [...body.rows];
    const key = (row: HTMLTableRowElement): string => row.cells[head.cellIndex]?.dataset['v'] ?? '';
    const isNumeric = rows.every((row) => !Number.isNaN(Number(key(row))));
    const order = (a: string, b: string): number => (isNumeric ? Number(a) - Number(b) : a.localeCompare(b));
    rows.sort((a, b) => Number(key(a) === '') - Number(key(b) === '') || (isUp ? 1 : -1) * order(key(a), key(b)));
    body.append(...rows);
  });
}

/** Shows in every chart and table the trial that the pointer, or the focus, is on. */
export function linkTrials(page: Document): void {
  let shown: string | undefined;
  const show = (event: Event): void => {
    const found = event.target instanceof Element ? event.target.closest('[data-t]') : null;
    const trial = found instanceof HTMLElement || found instanceof SVGElement ? found.dataset['t'] : undefined;
    if (trial === shown) return;
    for (const part of page.querySelectorAll('.on')) part.classList.remove('on');
    shown = trial;
    if (trial !== undefined) for (const part of page.querySelectorAll(`[data-t="${CSS.escape(trial)}"]`)) part.classList.add('on');
  };
  page.addEventListener('mouseover', show);
  page.addEventListener('focusin', show);
}
