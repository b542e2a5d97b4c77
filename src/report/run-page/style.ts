import { SORT_STYLE } from '../page/sort.ts';
import { CHART_STYLE } from '../speedup/chart.ts';

export const RUN_STYLE = `
${CHART_STYLE}
${SORT_STYLE}
h3{font-size:.95rem;margin:0}header p{margin:.2rem 0}
.bar{position:sticky;top:0;z-index:2;display:flex;flex-wrap:wrap;gap:.4rem 1.6rem;align-items:center;padding:.5rem 0;margin:1rem 0 .5rem;background:var(--paper);border-bottom:1px solid var(--line);font-size:.9rem}
.bar label{display:flex;gap:.5rem;align-items:center}.bar input{accent-color:#0072b2;margin:0}.bar input[type=range]{width:9rem}.bar output{min-width:2.5em;font-variant-numeric:tabular-nums}
input:focus-visible,summary:focus-visible,.curve:focus-visible{outline:2px solid var(--faint);outline-offset:2px}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(21rem,100%),1fr));gap:1.4rem 2rem;margin-top:1rem}
.plot{margin:0;position:relative;min-width:0}.plot figcaption{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:baseline}
.legend{display:flex;flex-wrap:wrap;gap:.1rem .9rem;list-style:none;margin:0;padding:0;font-size:.8rem;color:var(--faint)}
.chart.key{display:inline-block;width:24px;height:8px;margin:0 .35rem 0 0;vertical-align:1px}
.curve{touch-action:pan-y}.curve .raw{opacity:.28;stroke-width:1.2}.curve .tick{fill:var(--faint);font-size:11px}
.curve .cursor{stroke:var(--faint);visibility:hidden}.curve .cursor.on{visibility:visible}.curve [hidden],[hidden]{display:none}
.curve .best{stroke-width:2.5}.chart .dashed{stroke-dasharray:9 4}.chart .dotted{stroke-dasharray:9 3 2 3}
details h3{margin:1.4rem 0 .4rem}
@media screen and (max-width:36rem){.curve{font-size:15px}.curve .tick{font-size:14px}}
.tip{position:absolute;top:3.2rem;right:1rem;white-space:pre;pointer-events:none;padding:.35rem .6rem;font-size:.78rem;font-variant-numeric:tabular-nums;border:1px solid var(--line);border-radius:4px;background:var(--paper);box-shadow:0 2px 8px #0003;max-width:85%;overflow:hidden}
.tip.left{right:auto;left:4.2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:1rem 0}dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}
pre{background:color-mix(in srgb,var(--line) 45%,transparent);padding:.6rem .8rem;overflow-x:auto;font-size:.8rem;line-height:1.45;margin:.5rem 0}pre .set{font-weight:600}
td.text,th.text{text-align:left}td.wrap{white-space:normal;overflow-wrap:anywhere}
details{margin:1rem 0}summary{cursor:pointer;font-weight:600}details>summary h2{display:inline;margin:0}
.tiles{display:flex;flex-wrap:wrap;gap:6px;margin:.6rem 0}.tiles figure{margin:0;width:4.6rem;font-size:.72rem;line-height:1.3;text-align:center}
.tiles img{display:block;width:100%;height:auto;image-rendering:pixelated;border-radius:2px}.tiles .plain{width:3.4rem}
.hit{color:var(--good)}.miss{color:var(--bad)}.faint code{font-size:.85em}
.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr));gap:1rem 2.5rem;align-items:start}.sides>*{min-width:0}
.wide .chart.matrix{min-width:0}.matrix{width:auto;max-width:100%}.matrix .cell{stroke:var(--paper)}.matrix .deep{fill:var(--paper)}.matrix .pale{fill:var(--ink)}.matrix text{font-size:11px}
.spent rect{stroke:var(--paper)}
@media print{.bar{display:none}.tip{display:none}pre{white-space:pre-wrap}}
`.trim();
