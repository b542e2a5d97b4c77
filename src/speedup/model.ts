/** Throughput of one worker divided into that of p: what the laws below speak of. */
export interface SpeedupPoint {
  workers: number;
  speedup: number;
}

/** The Universal Scalability Law's two costs. */
export interface ScalabilityFit {
  /** Contention: the share of the work that cannot be shared out. */
  sigma: number;
  /** Coherence: what each pair of workers costs. */
  kappa: number;
}

/**
 * The share of the work that behaves as if it were serial.
 *
 *   e(p) = (1/S - 1/p) / (1 - 1/p)
 *
 * Constant in p: a serial part. Growing with p: coordination costs more the more workers there are. Negative: more than p times as
 * fast, for example because each worker's part fits in its cache.
 *
 * source: Karp and Flatt, "Measuring parallel processor performance", CACM 33(5), 1990.
 */
export function karpFlatt({ workers: p, speedup: s }: SpeedupPoint): number {
  return (1 / s - 1 / p) / (1 - 1 / p);
}

/**
 * Fits sigma and kappa of the Universal Scalability Law
 *
 *   S(p) = p / (1 + sigma (p - 1) + kappa p (p - 1))
 *
 * For it the Karp-Flatt share is the straight line e(p) = sigma + kappa p, so that least squares on e(p) find both.
 *
 * source: Gunther, "Guerrilla Capacity Planning" (2007), chapter 4.
 *
 * @returns undefined with fewer than two different worker counts above one: two unknowns
 */
export function fitScalability(points: readonly SpeedupPoint[]): ScalabilityFit | undefined {
  const line = points.filter(({ workers }) => workers > 1).map((point) => ({ x: point.workers, y: karpFlatt(point) }));
  const mean = (of: (at: { x: number; y: number }) => number): number => line.reduce((sum, at) => sum + of(at), 0) / line.length;
  const [x, y] = [mean((at) => at.x), mean((at) => at.y)];
  const spread = mean((at) => (at.x - x) ** 2);
  if (!(spread > 0)) return undefined;
  const kappa = mean((at) => (at.x - x) * (at.y - y)) / spread;
  return { sigma: y - kappa * x, kappa };
}

/** The speedup that the law gives for p workers. */
export function predictSpeedup({ sigma, kappa }: ScalabilityFit, p: number): number {
  return p / (1 + sigma * (p - 1) + kappa * p * (p - 1));
}

/**
 * The worker count of the law's peak, sqrt((1 - sigma) / kappa); at least 1.
 *
 * @returns undefined where the law has no peak: kappa is not above 0
 */
export function bestWorkers({ sigma, kappa }: ScalabilityFit): number | undefined {
  if (!(kappa > 0)) return undefined;
  return Math.max(1, Math.sqrt(Math.max(0, 1 - sigma) / kappa));
}
