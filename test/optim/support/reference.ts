import type { OptimizerConfig } from '../../../src/config/schema/schema.ts';

/** Optimizer state of one parameter in f64, by the names of the formulas; all start at 0 unless the rule says otherwise. */
type State64 = Record<string, number>;
type Config<T extends OptimizerConfig['type']> = Extract<OptimizerConfig, { type: T }>;

/**
 * The update rules in f64, element by element, written from the formulas of PyTorch's documentation (lion, lamb: of the papers) with
 * `**` and nothing shared: what the f32 chunks must come close to.
 */
export class Reference {
  readonly parameters: Float64Array;
  readonly #config: OptimizerConfig;
  readonly #states: State64[];
  /** The documentation's t. */
  #t = 0;

  constructor(config: OptimizerConfig, parameters: ArrayLike<number>) {
    this.#config = config;
    this.parameters = Float64Array.from(parameters);
    this.#states = Array.from(parameters, () => ({}));
  }

  step(gradient: ArrayLike<number>, lr = this.#config.lr): void {
    this.#t++;
    const config = this.#config;
    if (config.type === 'lamb') {
      this.#lamb(config, gradient, lr);
      return;
    }
    for (let i = 0; i < this.parameters.length; i++) {
      this.parameters[i] = stepped(config, this.parameters[i]!, gradient[i]!, this.#states[i]!, this.#t, lr);
    }
  }

  /** Algorithm 2 of the LAMB paper; the vector is one tensor. */
  #lamb(config: Config<'lamb'>, gradient: ArrayLike<number>, lr: number): void {
    const direction = Float64Array.from(this.parameters, (p, i) => {
      const { m, v } = moments(config.betas, gradient[i]!, this.#states[i]!, this.#t);
      return m / (Math.sqrt(v) + config.eps) + config.weight_decay * p;
    });
    const norm = (x: Float64Array): number => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
    const [p, d] = [norm(this.parameters), norm(direction)];
    const ratio = p > 0 && d > 0 ? p / d : 1;
    for (let i = 0; i < direction.length; i++) this.parameters[i] = this.parameters[i]! - lr * ratio * direction[i]!;
  }
}

/** Running means with bias correction; keeps m and v themselves in the state. */
function moments(betas: readonly number[], g: number, s: State64, t: number): { m: number; v: number } {
  const [beta1, beta2] = [betas[0]!, betas[1]!];
  s['m'] = beta1 * (s['m'] ?? 0) + (1 - beta1) * g;
  s['v'] = beta2 * (s['v'] ?? 0) + (1 - beta2) * g ** 2;
  return { m: s['m'] / (1 - beta1 ** t), v: s['v'] / (1 - beta2 ** t) };
}

type ElementConfig = Exclude<OptimizerConfig, { type: 'lamb' }>;

function stepped(config: ElementConfig, p0: number, g0: number, s: State64, t: number, lr: number): number {
  const decay = config.weight_decay;
  const isDecoupled =
    config.type === 'adamw' || config.type === 'lion' || ('decoupled_weight_decay' in config && config.decoupled_weight_decay);
  const p = isDecoupled ? p0 - lr * decay * p0 : p0;
  const g = isDecoupled ? g0 : g0 + decay * p0;
  switch (config.type) {
    case 'sgd':
      return p - lr * sgdDirection(config, g, s, t);
    case 'adam':
    case 'adamw':
      return p - lr * adamDirection(config, g, s, t);
    case 'nadam':
      return p - lr * nadamDirection(config, g, s, t);
    case 'radam':
      return p - lr * radamDirection(config, g, s, t);
    case 'rmsprop':
      return p - lr * rmspropDirection(config, g, s);
    case 'adagrad':
      s['sum'] = (s['sum'] ?? config.initial_accumulator_value) + g ** 2;
      return p - ((lr / (1 + (t - 1) * config.lr_decay)) * g) / (Math.sqrt(s['sum']) + config.eps);
    case 'adadelta': {
      s['v'] = (s['v'] ?? 0) * config.rho + g ** 2 * (1 - config.rho);
      const delta = (Math.sqrt((s['u'] ?? 0) + config.eps) / Math.sqrt(s['v'] + config.eps)) * g;
      s['u'] = (s['u'] ?? 0) * config.rho + delta ** 2 * (1 - config.rho);
      return p - lr * delta;
    }
    case 'lion': {
      const [beta1, beta2] = [config.betas[0]!, config.betas[1]!];
      const m = s['m'] ?? 0;
      s['m'] = beta2 * m + (1 - beta2) * g;
      return p - lr * Math.sign(beta1 * m + (1 - beta1) * g);
    }
  }
}

function sgdDirection({ momentum, dampening, nesterov }: Config<'sgd'>, g: number, s: State64, t: number): number {
  if (momentum === 0) return g;
  s['b'] = t > 1 ? momentum * s['b']! + (1 - dampening) * g : g;
  return nesterov ? g + momentum * s['b'] : s['b'];
}

function adamDirection(config: Config<'adam'> | Config<'adamw'>, g: number, s: State64, t: number): number {
  const { m, v } = moments(config.betas, g, s, t);
  if (!config.amsgrad) return m / (Math.sqrt(v) + config.eps);
  s['max'] = Math.max(s['max'] ?? 0, s['v']!);
  return m / (Math.sqrt(s['max'] / (1 - config.betas[1]! ** t)) + config.eps);
}

function nadamDirection(config: Config<'nadam'>, g: number, s: State64, t: number): number {
  const { v } = moments(config.betas, g, s, t);
  const mu = (i: number): number => config.betas[0]! * (1 - 0.5 * 0.96 ** (i * config.momentum_decay));
  s['product'] = (s['product'] ?? 1) * mu(t);
  const m = (mu(t + 1) * s['m']!) / (1 - s['product'] * mu(t + 1)) + ((1 - mu(t)) * g) / (1 - s['product']);
  return m / (Math.sqrt(v) + config.eps);
}

function radamDirection(config: Config<'radam'>, g: number, s: State64, t: number): number {
  const { m } = moments(config.betas, g, s, t);
  const beta2 = config.betas[1]!;
  const limit = 2 / (1 - beta2) - 1;
  const rho = limit - (2 * t * beta2 ** t) / (1 - beta2 ** t);
  if (rho <= 5) return m;
  const r = Math.sqrt(((rho - 4) * (rho - 2) * limit) / ((limit - 4) * (limit - 2) * rho));
  return (m * r * Math.sqrt(1 - beta2 ** t)) / (Math.sqrt(s['v']!) + config.eps);
}

function rmspropDirection(config: Config<'rmsprop'>, g: number, s: State64): number {
  s['v'] = config.alpha * (s['v'] ?? 0) + (1 - config.alpha) * g ** 2;
  s['a'] = config.alpha * (s['a'] ?? 0) + (1 - config.alpha) * g;
  const direction = g / (Math.sqrt(config.centered ? s['v'] - s['a'] ** 2 : s['v']) + config.eps);
  s['b'] = config.momentum * (s['b'] ?? 0) + direction;
  return s['b'];
}
