import { SORT_SCRIPT, SORT_STYLE } from '../page/sort.ts';

/** From the best tenth to the worst: viridis, the best the strongest on either background. */
const LIGHT = ['#440154', '#472a7a', '#3b518b', '#2f6c8e', '#26838f', '#1f9a8a', '#2cb17e', '#52c569', '#84d44b', '#a8db34'];
const DARK = ['#fde725', '#bddf26', '#7ad151', '#44bf70', '#22a884', '#21918c', '#2a788e', '#355f8d', '#3d5290', '#46468c'];
const variables = (colours: readonly string[]): string => colours.map((colour, i) => `--k${i}:${colour}`).join(';');

export const SWEEP_STYLE = `
.chart{${variables(LIGHT)}}
@media screen and (prefers-color-scheme:dark){.chart{${variables(DARK)}}}
${LIGHT.map((_, i) => `.k${i}{stroke:var(--k${i})}.p${i}{fill:var(--k${i})}.o${i}{fill:var(--paper);stroke:var(--k${i});stroke-width:1.5}`).join('\n')}
.chart .axis{stroke:var(--faint)}.chart .head{font-weight:600}.chart .tick{font-size:11px;paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
.lines polyline{fill:none;stroke-width:1.6;opacity:.75}.lines.many polyline{stroke-width:1.1;opacity:.45}
.chart .lines .best{stroke-width:3;opacity:1}.chart circle.best{stroke:var(--ink);stroke-width:1.5}
.lost{stroke:var(--faint)}.chart .pair{opacity:.45}
.chart .lines .on,.chart .on{opacity:1;stroke-width:3.5;stroke:var(--s1)}tr.on{background:color-mix(in srgb,var(--open) 18%,transparent)}
.cells{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(16rem,100%),1fr));gap:0 1rem}
.chart.legend{min-width:0;display:inline-block;width:180px;height:12px;margin:0 .4rem;vertical-align:-1px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:1rem 0}dt{color:var(--faint)}dd{margin:0}
pre{background:color-mix(in srgb,var(--line) 45%,transparent);padding:.6rem .8rem;overflow-x:auto;font-size:.85rem}
${SORT_STYLE}
td.text,th.text{text-align:left}tr.top td{font-weight:600}td.note{max-width:30rem;overflow:hidden;text-overflow:ellipsis;color:var(--faint)}
@media print{.wide table{font-size:7px}td.note{white-space:normal}}
`.trim();

/** Sorts tables, and shows in every chart the trial that the pointer is on. */
export const SWEEP_SCRIPT = `
${SORT_SCRIPT}
let shown;
document.addEventListener('mouseover', (event) => {
  const trial = event.target.closest('[data-t]')?.dataset.t;
  if (trial === shown) return;
  for (const part of document.querySelectorAll('.on')) part.classList.remove('on');
  shown = trial;
  if (trial !== undefined) for (const part of document.querySelectorAll('[data-t="' + trial + '"]')) part.classList.add('on');
});
`.trim();
