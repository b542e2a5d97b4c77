import { dotted, type Path } from '../text/node.ts';
import type { View } from './view.ts';

/** Rules between the keys of a layer, and between a layer and the one before it. */
export function checkLayers(view: View): void {
  for (let i = 0; i < (view.count(['model', 'layers']) ?? 0); i++) {
    const layer: Path = ['model', 'layers', i];
    if (isOn(view, [...layer, 'batch_norm']) && isOn(view, [...layer, 'layer_norm'])) {
      view.report('E_CONFIG_VALUE', [...layer, 'layer_norm'], 'batch_norm is on too; expected one of the two');
    }
    if (isOn(view, [...layer, 'batch_norm'])) checkNormRows(view, [...layer, 'batch_norm']);
    if (i > 0 && isOn(view, [...layer, 'residual'])) checkResidual(view, layer, ['model', 'layers', i - 1]);
  }
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

/** The first layer's inputs are known only with the data; `buildNetwork` checks that one. */
function checkResidual(view: View, layer: Path, before: Path): void {
  const units = view.number([...layer, 'units']);
  const inputs = view.number([...before, 'units']);
  if (units === undefined || inputs === undefined || units === inputs) return;
  view.report('E_CONFIG_VALUE', [...layer, 'residual'], `adds ${inputs} inputs to ${units} outputs; expected the same number`);
}

/** True, or settings in place of true. */
function isOn(view: View, path: Path): boolean {
  return view.given(path) && view.value(path) !== false;
}
