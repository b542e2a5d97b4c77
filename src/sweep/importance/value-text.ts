import { isList, type ParameterValue } from '../value.ts';

/** A value as a table shows it: `0.00312`, `adamw`, `[64, 32]`, `[conv2d 8 kernel 3 relu, flatten, dense 10]`. */
export function formatParameter(value: ParameterValue): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(12)));
  if (typeof value === 'string') return value;
  return holdsMaps(value) ? inWords(value) : JSON.stringify(value).replaceAll(',', ', ');
}

/** A value with nothing left out, which YAML reads back. */
export function exactParameter(value: ParameterValue): string {
  return holdsMaps(value) ? JSON.stringify(value) : formatParameter(value);
}

type ParameterMap = Readonly<Record<string, ParameterValue>>;

function holdsMaps(value: ParameterValue): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isList(value) ? value.some(holdsMaps) : true;
}

/** What a layer's size is; its number needs no name beside the type. */
const SIZES: readonly string[] = ['units', 'filters', 'shape'];
/** Keys whose words say by themselves what they are. */
const PLAIN: readonly string[] = ['activation', 'block'];

/** Different values give different words. */
function inWords(value: ParameterValue): string {
  if (typeof value !== 'object' || value === null) return formatParameter(value);
  return isList(value) ? `[${value.map(inWords).join(', ')}]` : mapText(value);
}

function mapText({ type, ...map }: ParameterMap): string {
  const { repeat, layers, ...others } = map;
  if (type === undefined && (typeof repeat === 'number' || isMap(repeat))) {
    const { times, layers: inner = layers, ...rest } = isMap(repeat) ? repeat : { times: repeat };
    return [`${inWords(times ?? null)} x ${inWords(inner ?? [])}`, ...keysText({ ...rest, ...others })].join(' ');
  }
  return [...(type === undefined ? [] : [inWords(type)]), ...keysText(map)].join(' ');
}

function keysText(map: ParameterMap): string[] {
  return Object.entries(map).map(([key, value]) => {
    if (SIZES.includes(key) || (PLAIN.includes(key) && typeof value === 'string')) return inWords(value);
    if (value === true) return key;
    return `${key} ${isMap(value) ? `(${mapText(value)})` : inWords(value)}`;
  });
}

function isMap(value: ParameterValue | undefined): value is ParameterMap {
  return typeof value === 'object' && value !== null && !isList(value);
}
