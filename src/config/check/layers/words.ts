/** A word of another tool for a type of layer, without its marks: `Conv2D`, `max_pooling2d`, `nn.Linear`. */
interface Word {
  words: RegExp;
  type: string;
}

/** Types of layers by the names that PyTorch, Keras and others have for them; the first that fits counts. */
const TYPES: readonly Word[] = [
  { words: /^(?:lazy)?(?:linear|fc|fully_?connected|affine|hidden|output|dense)(?:_?layer)?$/, type: 'dense' },
  { words: /^(?:lazy)?conv(?:olution(?:al)?)?(?:_?2d)?(?:_?layer)?$/, type: 'conv2d' },
  { words: /^(?:lazy)?conv(?:olution)?_?1d$/, type: 'conv1d' },
  { words: /^(?:gap|(?:global|adaptive)_?(?:avg|average|mean)_?pool(?:ing)?(?:_?[12]d)?)$/, type: 'global_avg_pool' },
  { words: /^max_?pool(?:ing)?(?:_?2d)?$/, type: 'max_pool2d' },
  { words: /^max_?pool(?:ing)?_?1d$/, type: 'max_pool1d' },
  { words: /^(?:avg|average|mean)_?pool(?:ing)?(?:_?2d)?$/, type: 'avg_pool2d' },
  { words: /^(?:avg|average|mean)_?pool(?:ing)?_?1d$/, type: 'avg_pool1d' },
  { words: /^flat$/, type: 'flatten' },
  { words: /^(?:view|unflatten)$/, type: 'reshape' },
  { words: /^(?:skip|shortcut|add|(?:residual|resnet|res|basic)_?block|(?:skip|residual)_?connection)$/, type: 'residual' },
];

/** What is a key of layers, or needs no layer. */
const ADVICE: readonly { words: RegExp; advice: string }[] = [
  { words: /^(?:log_?)?softmax$/, advice: 'the loss includes the softmax: leave this layer out' },
  { words: /^(?:alpha_?)?dropout$/, advice: 'dropout is a key of a layer: {type: dense, units: N, dropout: 0.5}' },
  {
    words: /^(?:spatial_?)?dropout_?([12])d$/,
    advice: 'it is a key of a layer: dropout2d of conv2d, dropout1d of conv1d',
  },
  {
    words: /^batch_?norm(?:alization)?(?:_?[12]d)?$/,
    advice: 'it is a key of a layer: {type: dense, units: N, batch_norm: true}, of conv2d and conv1d too',
  },
  { words: /^layer_?norm(?:alization)?$/, advice: 'it is a key of a layer: {type: dense, units: N, layer_norm: true}' },
  {
    words: /^(?:relu|leaky_?relu|sigmoid|tanh|gelu|activation)$/,
    advice: 'an activation is a key of a layer: {type: dense, units: N, activation: relu}',
  },
  { words: /^input(?:_?layer)?$/, advice: 'what goes in follows from the data: leave this layer out' },
  {
    words: /^zero_?pad(?:ding)?(?:_?[12]d)?$/,
    advice: 'it is a key of the layer behind it: {type: conv2d, filters: N, kernel: 3, padding: 1}',
  },
  {
    words: /^(?:depth_?wise|separable)_?conv(?:olution)?(?:_?[12]d)?$/,
    advice: 'a conv2d with as many groups as channels is depthwise; kernel: 1 behind it makes it separable',
  },
  {
    words: /^(?:global|adaptive)_?max_?pool(?:ing)?(?:_?[12]d)?$/,
    advice: 'a max_pool2d with a kernel as large as the picture does it, and flatten behind it',
  },
];

/** Layers that there are in other tools and not here, in words. */
const ABSENT: readonly { words: RegExp; what: string }[] = [
  { words: /^(?:conv(?:olution)?_?(?:[12]d_?)?transpose|transposed_?conv|deconv)/, what: 'no transposed convolutions' },
  { words: /(?:_|[a-z])3d$/, what: 'no layers for volumes' },
  { words: /^(?:bi_?)?(?:conv_?)?(?:lstm|gru|rnn)|^(?:simple_?rnn|bidirectional|time_?distributed)/, what: 'no recurrent layers' },
  { words: /attention|transformer|^mha$/, what: 'no attention' },
  { words: /embedding/, what: 'no embeddings' },
  { words: /^(?:group|instance|rms|spectral|weight)_?norm/, what: 'batch_norm and layer_norm only' },
  { words: /^(?:up_?sampl|resiz|pixel_?shuffle)/, what: 'no layers that make pictures larger' },
  { words: /^(?:concat|multiply|subtract|lambda|merge)/, what: 'no layers of several inputs, but residual' },
  { words: /^(?:glu|swiglu|moe|mixture|graph|gcn|capsule|rbf|maxout|bilinear)/, what: 'no such layers' },
];

/** Without the marks of its tool: `nn.Conv2d`, `keras.layers.Conv2D`. */
function bare(word: string): string {
  return word.replace(/^.*\./, '');
}

/** Our type of layer that a word in lower case stands for. */
export function layerTypeOf(word: string): string | undefined {
  return TYPES.find(({ words }) => words.test(bare(word)))?.type;
}

/** What to write in place of a word that is no layer here. */
export function layerAdvice(word: string): string | undefined {
  return ADVICE.find(({ words }) => words.test(bare(word)))?.advice;
}

/** What gradloom lacks, where a word in lower case names a layer of other tools: `no recurrent layers`. */
export function absentLayer(word: string): string | undefined {
  return layerTypeOf(word) === undefined && layerAdvice(word) === undefined
    ? ABSENT.find(({ words }) => words.test(bare(word)))?.what
    : undefined;
}

/** Keys that other tools have for keys of layers; each stands for the first that the layer has. */
export const LAYER_KEYS: Readonly<Record<string, readonly string[]>> = {
  units: ['filters'],
  filters: ['units'],
  channels: ['filters'],
  ...all(['out_channels', 'num_filters', 'n_filters', 'nb_filter', 'filter', 'features'], ['filters', 'units']),
  ...all(['out_features', 'output_size', 'neurons', 'width', 'hidden_size'], ['units', 'filters']),
  ...all(['kernel_size', 'kernels', 'pool_size', 'pool', 'window', 'window_size', 'filter_size', 'ksize', 'size'], ['kernel']),
  ...all(['strides', 'subsample'], ['stride']),
  ...all(['pad', 'pads', 'paddings', 'border_mode', 'pad_mode'], ['padding']),
  ...all(['dilation_rate', 'dilations', 'rate'], ['dilation']),
  ...all(['num_groups', 'group'], ['groups']),
  ...all(['use_bias', 'with_bias'], ['bias']),
  ...all(['bn', 'batchnorm', 'use_bn', 'batch_normalization', 'norm'], ['batch_norm']),
  ...all(['ln', 'layernorm', 'layer_normalization'], ['layer_norm']),
  ...all(['spatial_dropout', 'channel_dropout'], ['dropout2d', 'dropout1d']),
  ...all(['dropout_rate', 'drop', 'p'], ['dropout']),
  ...all(['skip', 'skip_connection', 'shortcut'], ['projection', 'residual']),
  ...all(['downsample'], ['projection', 'stride']),
  ...all(['target_shape', 'unflattened_size', 'dims'], ['shape']),
  ...all(['data_format', 'channels_first', 'channels_last', 'order'], ['channels']),
  ...all(['count', 'n', 'num', 'number'], ['times', 'repeat']),
  floor_mode: ['drop_rest'],
  ...all(['body', 'modules', 'items', 'inner', 'layer'], ['layers']),
  ...all(['ref', 'use'], ['block']),
};

function all(keys: readonly string[], ours: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(keys.map((key) => [key, ours]));
}
