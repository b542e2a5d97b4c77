import { SORT_SCRIPT } from '../page/sort.ts';

/**
 * Smoothing, the logarithmic axis, runs to hide, and values where the pointer or the arrow keys are. It draws from the block of data; the
 * page shows its curves without it too.
 */
export const RUN_SCRIPT = `
${SORT_SCRIPT}
const { charts } = JSON.parse(document.getElementById('data').textContent);
const slider = document.getElementById('smooth');
const logBox = document.getElementById('log');
const smoothed = (values, weight) => {
  let mean = 0, power = 1;
  return values.map((value) => { mean = mean * weight + (1 - weight) * value; power *= weight; return mean / (1 - power); });
};
const format = (value, share) => share ? (value * 100).toFixed(2) + ' %' : Math.abs(value) >= 1e-3 && Math.abs(value) < 1e6 || value === 0 ? String(Number(value.toPrecision(5))) : value.toExponential(3);
const clamp = (share) => Math.min(1, Math.max(0, share));
const isLog = (chart) => logBox.checked && chart.log !== null;
const place = (chart) => {
  const { frame, x, y, log } = chart;
  const [low, high] = isLog(chart) ? log.map(Math.log) : y;
  const measure = isLog(chart) ? (value) => Math.log(Math.max(value, Number.MIN_VALUE)) : (value) => value;
  return {
    px: (step) => frame.left + (x[1] > x[0] ? clamp((step - x[0]) / (x[1] - x[0])) : 0.5) * frame.width,
    py: (value) => frame.top + (1 - clamp((measure(value) - low) / (high - low))) * frame.height,
  };
};
const draw = () => {
  const weight = Number(slider.value);
  slider.nextElementSibling.textContent = slider.value;
  for (const svg of document.querySelectorAll('svg.curve')) {
    const chart = charts[svg.dataset.chart];
    const { px, py } = place(chart);
    svg.querySelector('.straight').toggleAttribute('hidden', isLog(chart));
    svg.querySelector('.log')?.toggleAttribute('hidden', !isLog(chart));
    for (const part of svg.querySelectorAll('[data-line]')) {
      const line = chart.lines[part.dataset.line];
      if (part.tagName === 'polyline') {
        const values = part.classList.contains('smooth') ? smoothed(line.y, weight) : line.y;
        part.setAttribute('points', line.x.map((step, i) => px(step).toFixed(1) + ',' + py(values[i]).toFixed(1)).join(' '));
      } else part.setAttribute('cy', py(Number(part.dataset.value ?? line.y[0])).toFixed(1));
    }
  }
};
slider.addEventListener('input', draw);
logBox.addEventListener('change', draw);
for (const box of document.querySelectorAll('input[data-run]')) box.addEventListener('change', () => {
  for (const part of document.querySelectorAll('.plot [data-run="' + box.dataset.run + '"]')) part.toggleAttribute('hidden', !box.checked);
});
const isShown = (run) => document.querySelector('input[data-run="' + run + '"]')?.checked ?? true;
for (const svg of document.querySelectorAll('svg.curve')) {
  const chart = charts[svg.dataset.chart];
  const steps = [...new Set(chart.lines.flatMap(({ x }) => x))].sort((a, b) => a - b);
  const tip = svg.nextElementSibling;
  const cursor = svg.querySelector('.cursor');
  let at = -1;
  const show = (index) => {
    at = Math.min(steps.length - 1, Math.max(0, index));
    const step = steps[at];
    const { px } = place(chart);
    cursor.classList.add('on');
    for (const end of ['x1', 'x2']) cursor.setAttribute(end, px(step).toFixed(1));
    const rows = chart.lines.filter(({ run }) => isShown(run)).map((line) => {
      let i = line.x.findIndex((other) => other > step);
      i = i < 0 ? line.x.length - 1 : Math.max(0, i - 1);
      const value = line.noisy ? smoothed(line.y.slice(0, i + 1), Number(slider.value)).at(-1) : line.y[i];
      const raw = line.noisy && Number(slider.value) > 0 ? ' (' + format(line.y[i], chart.isShare) + ')' : '';
      return line.name + '  ' + format(value, chart.isShare) + raw + (line.x[i] === step ? '' : '  at step ' + line.x[i].toLocaleString('en-US'));
    });
    tip.textContent = ['step ' + step.toLocaleString('en-US'), ...rows].join('\\n');
    tip.hidden = false;
    const share = px(step) / svg.viewBox.baseVal.width;
    tip.classList.toggle('left', share > 0.5);
  };
  const hide = () => { tip.hidden = true; cursor.classList.remove('on'); };
  const nearest = (event) => {
    const box = svg.getBoundingClientRect();
    const wanted = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    const { px } = place(chart);
    let best = 0;
    steps.forEach((step, i) => { if (Math.abs(px(step) - wanted) < Math.abs(px(steps[best]) - wanted)) best = i; });
    return best;
  };
  svg.addEventListener('pointermove', (event) => show(nearest(event)));
  svg.addEventListener('pointerleave', hide);
  svg.addEventListener('blur', hide);
  svg.addEventListener('keydown', (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    show(at < 0 && move === -1 ? steps.length - 1 : at + move);
  });
}
draw();
`.trim();
