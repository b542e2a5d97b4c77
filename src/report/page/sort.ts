/** Of tables whose heads are buttons that sort them. */
export const SORT_STYLE = `
th button{all:unset;cursor:pointer;font-weight:600}th button:hover{color:var(--ink)}th button:focus-visible{outline:2px solid var(--ink)}
th[aria-sort=ascending] button::after{content:" ↑"}th[aria-sort=descending] button::after{content:" ↓"}
`.trim();

/** Sorts a table of the class `sort` by the heads that are pressed; `data-v` of a cell is what it counts for. */
export const SORT_SCRIPT = `
for (const table of document.querySelectorAll('table.sort')) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, i) => head.firstElementChild?.addEventListener('click', () => {
    const up = head.getAttribute('aria-sort') !== 'ascending';
    for (const other of heads) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    const key = (row) => row.cells[i].dataset.v ?? '';
    const numeric = [...table.tBodies[0].rows].every((row) => key(row) === '' || !Number.isNaN(Number(key(row))));
    const order = (a, b) => (key(a) === '') - (key(b) === '') || (up ? 1 : -1) * (numeric ? key(a) - key(b) : key(a).localeCompare(key(b)));
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
  }));
}
`.trim();
