import type { Importance } from '../../../sweep/importance/importance.ts';
import type { SweepImportance } from '../../../sweep/importance/of-sweep.ts';
import { escapeHtml } from '../../page/html.ts';
import { svgChart, svgText } from '../../page/svg.ts';
import { formatPercent } from '../../text/numbers.ts';
import { shorten } from '../view/charted.ts';

const WIDTH = 1100;
const ROW = 24;
const NAME = 300;
const BAR = 640;
const MAX_INTERACTIONS = 5;

/** Bars of what each parameter, and each pair, explains of the metric's variance. */
export function importanceChart({ parameters, interactions }: Importance): string {
  const rows = [
    ...parameters.map(({ name, share }) => ({ name, share, kind: 'f0' })),
    ...interactions.slice(0, MAX_INTERACTIONS).map(({ names, share }) => ({ name: names.join(' with '), share, kind: 'f0 pair' })),
  ];
  const most = Math.max(...rows.map(({ share }) => share), 1e-9);
  const bars = rows.map(({ name, share, kind }, i) => {
    const y = i * ROW + 6;
    const width = Math.max(1, (BAR * share) / most);
    const label = `<text x="${NAME - 10}" y="${y + 12}" text-anchor="end">${escapeHtml(shorten(name, 38))}<title>${escapeHtml(name)}</title></text>`;
    return `${label}<rect class="${kind}" x="${NAME}" y="${y}" width="${width.toFixed(1)}" height="16"/>${svgText(NAME + width + 8, y + 12, formatPercent(share, 1))}`;
  });
  return svgChart(WIDTH, rows.length * ROW + 12, 'importance of the parameters', bars);
}

/** How far the shares can be trusted, in a sentence. */
export function importanceNote({ trials, predicted, rest, basis }: SweepImportance): string {
  const trust =
    predicted < 0.3
      ? `Of the differences among trials that it has not seen, the forest predicts ${formatPercent(Math.max(0, predicted), 0)}: too little to trust the shares.`
      : `The forest predicts ${formatPercent(predicted, 0)} of the differences among trials that it has not seen.`;
  return `fANOVA on a random forest of ${trials} trials, ${basis}. ${trust} More than two parameters together explain ${formatPercent(rest, 0)}.`;
}
