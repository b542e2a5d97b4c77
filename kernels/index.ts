// Every kernel of gradloom. The TypeScript view of each folder is a file of src/kernels/interface/.
export { channel_dropout_forward } from './convolution/channel-dropout';
export { conv_forward } from './convolution/forward';
export { conv_input_gradient } from './convolution/input-gradient';
export { avg_pool_backward, avg_pool_forward, max_pool_backward, max_pool_forward, swap_axes } from './convolution/pools';
export { conv_bias_gradient, conv_weight_gradient } from './convolution/weight-gradient';
export { dense_forward, matmul_nt } from './products/dense';
export { dense_bias_gradient, dense_weight_gradient } from './products/gradient';
export { tile_4x8 } from './products/tile';
export {
  gelu_backward, gelu_forward, leaky_relu_backward, leaky_relu_forward, relu_backward, relu_forward,
  sigmoid_backward, sigmoid_forward, tanh_backward, tanh_forward,
} from './layers/activations';
export { sigmoid_cross_entropy, softmax_cross_entropy } from './losses/loss';
export { huber, mae, mse } from './losses/regression';
export { class_counts_add, confusion_add, regression_add, top_k_add } from './losses/metrics';
export { adadelta_step } from './updates/adadelta';
export { adagrad_step } from './updates/adagrad';
export { adam_moments, adam_step, maximum } from './updates/adam';
export { dropout_forward } from './layers/dropout';
export { lamb_direction } from './updates/lamb';
export { lion_step } from './updates/lion';
export { batch_norm_backward, batch_norm_forward, inverse_std, norm_parameter_gradient, norm_statistics, running_statistics } from './layers/batch-norm';
export { layer_norm_backward, layer_norm_forward } from './layers/layer-norm';
export { norm_products, norm_sums, tree_sum_f64 } from './layers/norm-sums';
export { clamp, displacement, warp } from './pictures/augment';
export { add, add_scaled, copy, lerp, multiply, scale } from './vector/reduce';
export { activation_sums, add_noise, clip_value, largest, max_norm, penalize, scale_max, sum_squares } from './updates/regularize';
export { rmsprop_centered_direction, rmsprop_direction } from './updates/rmsprop';
export { sgd_momentum_step, sgd_step } from './updates/sgd';
export { f32_divide, f32_zscore, u8_to_f32, u8_to_f32_zscore } from './vector/convert';
export { list_nonzeros, sparse_forward } from './products/sparse';
export { sparse_weight_gradient } from './products/sparse-gradient';
