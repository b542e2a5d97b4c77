import { dotted, type Path } from '../../text/node.ts';
import type { View } from '../../tree/view.ts';

/** Rules between the keys of one entry of a list of layers. */
export function checkEntry(view: View, path: Path): void {
  if (isOn(view, [...path, 'batch_norm']) && isOn(view, [...path, 'layer_norm']))
    view.report('E_CONFIG_VALUE', [...path, 'layer_norm'], 'batch_norm is on too; expected one of the two');
  checkUniform(view, [...path, 'init']);
  switch (view.type(path)) {
    case 'dense':
      if (isOn(view, [...path, 'batch_norm'])) checkNormRows(view, [...path, 'batch_norm']);
      break;
    case 'conv2d':
    case 'conv1d':
      checkConvolution(view, path);
      break;
    case 'max_pool2d':
    case 'avg_pool2d':
    case 'max_pool1d':
    case 'avg_pool1d':
      checkPadding(view, path);
      break;
    case 'repeat':
      checkRepeat(view, path);
      break;
    case 'residual':
      checkUniform(view, [...path, 'residual', 'init']);
      break;
  }
}

/** A low end of uniform weights that is not below the high one. */
export function checkUniform(view: View, path: Path): void {
  if (!view.given(path) || view.type(path) !== 'uniform') return;
  const low = view.number([...path, 'low']);
  const high = view.number([...path, 'high']);
  if (low === undefined || high === undefined || low < high) return;
  const at = [...path, view.given([...path, 'high']) ? 'high' : 'low'];
  view.report('E_CONFIG_RANGE', at, `low must be below high; got low ${low} and high ${high}`);
}

/** A single row has no variance. Batches that are short because of the data are known only with it. */
function checkNormRows(view: View, norm: Path): void {
  const rows = view.number(['train', 'batch_size']);
  const leaves = view.value([...norm, 'scope']) === 'leaf' ? view.number(['numerics', 'leaves']) : 1;
  if (rows === undefined || leaves === undefined || rows > leaves) return;
  const [each, scope] = leaves === 1 ? ['batch', 'batch'] : ['leaf', 'leaf'];
  const message = `${dotted(norm)} can not normalise one row a ${each}; got ${rows}; expected at least ${2 * leaves} with scope: ${scope}`;
  const size = ['train', 'batch_size'];
  view.report(
    'E_CONFIG_RANGE',
    size,
    message,
    view.given(size) ? size : norm,
    `give a larger batch_size${leaves === 1 ? '' : ', fewer numerics.leaves, or scope: batch'}`,
  );
}

function checkConvolution(view: View, path: Path): void {
  const channels = [...path, view.type(path) === 'conv2d' ? 'dropout2d' : 'dropout1d'];
  if ((view.number([...path, 'dropout']) ?? 0) > 0 && (view.number(channels) ?? 0) > 0)
    view.report('E_CONFIG_VALUE', channels, 'dropout is on too; expected one of the two');
  const stride = view.numbers([...path, 'stride']);
  if (view.value([...path, 'padding']) === 'same' && stride?.some((steps) => steps > 1) === true) {
    const message = `same goes with stride 1; got stride ${textOf(stride)}; expected zeros in numbers, or valid`;
    view.report('E_CONFIG_VALUE', [...path, 'padding'], message, [...path, 'padding'], paddingFor(view.numbers([...path, 'kernel'])));
  }
  const [filters, groups] = [view.number([...path, 'filters']), view.number([...path, 'groups'])];
  if (filters !== undefined && groups !== undefined && filters % groups !== 0)
    view.report('E_CONFIG_VALUE', [...path, 'groups'], `got ${groups} groups; expected a divisor of the ${filters} filters`);
}

/** With a kernel of an odd extent, what `same` is about. */
function paddingFor(kernel: readonly number[] | undefined): string | undefined {
  if (kernel?.every((extent) => extent % 2 === 1) !== true) return undefined;
  return `padding: ${textOf(kernel.map((extent) => (extent - 1) / 2))} gives as many outputs as steps fit into the input`;
}

/** A window that lies in the padding alone would have no largest value. source: torch.nn.MaxPool2d asks the same. */
function checkPadding(view: View, path: Path): void {
  const padding = view.numbers([...path, 'padding']);
  const kernel = view.numbers([...path, 'kernel']);
  if (padding === undefined || kernel === undefined) return;
  const at = (values: readonly number[], i: number): number => values[i] ?? values[0] ?? 0;
  if ([0, 1].every((i) => at(padding, i) <= at(kernel, i) / 2)) return;
  const message = `out of range; got ${textOf(padding)} with kernel ${textOf(kernel)}; expected at most half of the kernel`;
  view.report('E_CONFIG_RANGE', [...path, 'padding'], message);
}

/** What is repeated stands in one of two places. */
function checkRepeat(view: View, path: Path): void {
  const [inside, beside] = [
    [...path, 'repeat', 'layers'],
    [...path, 'layers'],
  ];
  const isMap = view.kind([...path, 'repeat']) === 'map';
  if (!view.given(beside) && view.kind([...path, 'repeat']) === 'scalar')
    view.report('E_CONFIG_MISSING', beside, 'missing; expected the layers to repeat', path);
  else if (isMap && view.given(beside)) {
    const message = `${dotted(inside)} holds the layers; expected one of the two`;
    view.report('E_CONFIG_VALUE', beside, message);
  }
}

/** One number, or [height, width]. */
export function textOf(values: readonly number[]): string {
  return values.length === 1 || values.every((value) => value === values[0]) ? String(values[0]) : `[${values.join(', ')}]`;
}

/** True, or settings in place of true. */
export function isOn(view: View, path: Path): boolean {
  return view.given(path) && view.value(path) !== false;
}
