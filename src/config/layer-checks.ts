import type { Path } from './tree.ts';
import type { View } from './view.ts';

/** Rules between the keys of a layer, and between a layer and the one before it. */
export function checkLayers(view: View): void {
  for (let i = 0; i < (view.count(['model', 'layers']) ?? 0); i++) {
    const layer: Path = ['model', 'layers', i];
    if (isOn(view, [...layer, 'batch_norm']) && isOn(view, [...layer, 'layer_norm'])) {
      view.report('E_CONFIG_VALUE', [...layer, 'layer_norm'], 'batch_norm is on too; expected one of the two');
    }
    if (i > 0 && isOn(view, [...layer, 'residual'])) checkResidual(view, layer, ['model', 'layers', i - 1]);
  }
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
