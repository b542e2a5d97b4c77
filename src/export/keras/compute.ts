import type { ActivationConfig } from '../../config/schema/layers/activation.ts';
import { activate } from '../../graph/ops/activation.ts';
import { readSafetensors } from '../../storage/safetensors.ts';

interface Entry {
  class_name: string;
  config: Record<string, unknown> & { name: string };
}

/** Computes a Sequential model from its two files in f64, each layer as Keras' page has it. @returns [rows, outputs] */
export function computeKeras(json: string, weights: Uint8Array, x: Float32Array, rows: number): Float64Array {
  const { config } = JSON.parse(json) as { config: { layers: Entry[] } };
  const { tensors } = readSafetensors(weights);
  let values: Float64Array = Float64Array.from(x);
  for (const entry of config.layers) {
    const weight = (name: string): Float32Array => {
      const data = tensors.get(`${entry.config.name}/${name}`)?.data;
      if (data === undefined) throw new RangeError(`${entry.config.name} has no ${name}`);
      return new Float32Array(data.slice().buffer);
    };
    values = layer(entry, values, rows, weight);
  }
  return values;
}

function layer({ class_name: type, config }: Entry, x: Float64Array, rows: number, weight: (name: string) => Float32Array): Float64Array {
  const width = x.length / rows;
  const number = (key: string): number => config[key] as number;
  switch (type) {
    case 'InputLayer':
    case 'Flatten':
    case 'Dropout':
      return x;
    case 'Rescaling':
      return x.map((value) => value * number('scale') + number('offset'));
    case 'Normalization': {
      const [mean, variance] = [config['mean'], config['variance']] as [number[], number[]];
      return x.map((value, i) => (value - (mean[i % width] as number)) / Math.sqrt(variance[i % width] as number));
    }
    case 'Dense':
      return dense(x, rows, weight('kernel'), weight('bias'));
    case 'BatchNormalization': {
      const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map(weight);
      const at = (values: Float32Array | undefined, i: number): number => values?.[i % width] ?? Number.NaN;
      return x.map((value, i) => ((value - at(mean, i)) / Math.sqrt(at(variance, i) + number('epsilon'))) * at(gamma, i) + at(beta, i));
    }
    case 'LayerNormalization': {
      const [gamma, beta] = [weight('gamma'), weight('beta')];
      const result = new Float64Array(x.length);
      for (let from = 0; from < x.length; from += width) {
        const row = x.subarray(from, from + width);
        const mean = row.reduce((sum, value) => sum + value, 0) / width;
        const std = Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width + number('epsilon'));
        result.set(
          row.map((value, u) => ((value - mean) / std) * (gamma[u] as number) + (beta[u] as number)),
          from,
        );
      }
      return result;
    }
    case 'LeakyReLU':
      return x.map((value) => (value > 0 ? value : value * number('negative_slope')));
    case 'Activation': {
      const act = { type: config['activation'] } as ActivationConfig;
      return x.map((value) => activate(act, value));
    }
    default:
      throw new RangeError(`no layer ${type}`);
  }
}

/** x [rows, inputs] by kernel [inputs, units], plus the bias. */
function dense(x: Float64Array, rows: number, kernel: Float32Array, bias: Float32Array): Float64Array {
  const [inputs, units] = [x.length / rows, bias.length];
  const y = new Float64Array(rows * units);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < units; o++) {
      let sum = bias[o] as number;
      for (let i = 0; i < inputs; i++) sum += (x[r * inputs + i] as number) * (kernel[i * units + o] as number);
      y[r * units + o] = sum;
    }
  }
  return y;
}
