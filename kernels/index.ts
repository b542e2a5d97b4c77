// Every kernel of gradloom. The TypeScript view of this list is the interface Kernels in src/kernels/kernels.ts.
export { dense_forward, matmul_nt } from './dense';
export { dense_bias_gradient, dense_weight_gradient } from './gradient';
export { tile_4x8 } from './tile';
export {
  gelu_backward, gelu_forward, leaky_relu_backward, leaky_relu_forward, relu_backward, relu_forward,
  sigmoid_backward, sigmoid_forward, tanh_backward, tanh_forward,
} from './activations';
export { sigmoid_cross_entropy, softmax_cross_entropy } from './loss';
export { huber, mae, mse } from './regression';
export { class_counts_add, confusion_add, regression_add, top_k_add } from './metrics';
export { adadelta_step } from './adadelta';
export { adagrad_step } from './adagrad';
export { adam_moments, adam_step, maximum } from './adam';
export { dropout_forward } from './dropout';
export { lamb_direction } from './lamb';
export { lion_step } from './lion';
export {
  batch_norm_backward, batch_norm_forward, inverse_std, layer_norm_backward, layer_norm_forward, norm_parameter_gradient, norm_products,
  norm_statistics, norm_sums, running_statistics, tree_sum_f64,
} from './norm';
export { add, add_scaled, copy, lerp, multiply, scale } from './reduce';
export { activation_sums, add_noise, clip_value, max_norm, penalize, scale_max, sum_squares } from './regularize';
export { rmsprop_centered_direction, rmsprop_direction } from './rmsprop';
export { sgd_momentum_step, sgd_step } from './sgd';
export { f32_divide, f32_zscore, u8_to_f32, u8_to_f32_zscore } from './convert';
export { list_nonzeros, sparse_forward } from './sparse';
export { sparse_weight_gradient } from './sparse-gradient';
