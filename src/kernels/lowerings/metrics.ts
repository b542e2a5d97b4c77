import type { ActivitySite, MetricSite, MetricSum } from '../site.ts';

export function lowerMetric(sum: MetricSum, { x, rows, outputs, labels, targets, out, emit }: MetricSite): void {
  switch (sum.type) {
    case 'confusion':
      emit('confusion_add', x, labels, rows, outputs, out);
      break;
    case 'class_counts':
      emit('class_counts_add', x, labels, rows, outputs, out);
      break;
    case 'top_k':
      emit('top_k_add', x, labels, rows, outputs, sum.k, out);
      break;
    case 'errors':
      emit('regression_add', x, targets, rows, outputs, out);
  }
}

export function lowerActivity({ y, count, out, emit }: ActivitySite): void {
  emit('activation_sums', y, count, out);
}
