"""Names of torch's operations on tensors: what a node without a block of its own may call.

A document names the operation, and code written from it runs when somebody trains; so only what computes with tensors stands here.
The list is what ``torch.overrides`` can override, without what writes in place, belongs to other devices or formats, or is private.
"""

from __future__ import annotations

ALLOWED = frozenset(
    """
    _weight_norm abs absolute acos acosh adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d
    adaptive_max_pool1d_with_indices adaptive_max_pool2d adaptive_max_pool2d_with_indices adaptive_max_pool3d
    adaptive_max_pool3d_with_indices add addbmm addcdiv addcmul addmm addmv addr adjoint affine_grid affine_grid_generator all all_gather
    all_gather_coalesced all_gather_single all_reduce all_reduce_coalesced all_to_all all_to_all_single allclose alpha_dropout amax amin
    aminmax angle any arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argsort argwhere as_strided as_strided_scatter
    asin asinh atan atan2 atanh atleast_1d atleast_2d atleast_3d avg_pool1d avg_pool2d avg_pool3d baddbmm batch_norm
    batch_norm_backward_elemt batch_norm_backward_reduce batch_norm_elemt batch_norm_gather_stats batch_norm_gather_stats_with_counts
    batch_norm_stats batch_norm_update_stats bernoulli bfloat16 bilinear binary_cross_entropy binary_cross_entropy_with_logits bincount
    binomial bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor block_diag bmm bool broadcast
    broadcast_tensors broadcast_to bucketize byte cartesian_prod cat cdist cdouble ceil celu cfloat chain_matmul chalf channel_shuffle
    char cholesky cholesky_inverse cholesky_solve choose_qparams_optimized chunk clamp clamp_max clamp_min clip clone coalesce col_indices
    column_stack combinations complex concat concatenate conj conj_physical const_data_ptr constant_pad_nd contiguous conv1d conv2d conv3d
    conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d convolution copysign corrcoef cos cosh cosine_embedding_loss
    cosine_similarity count_nonzero cov cross cross_entropy ctc_loss cummax cummin cumprod cumsum cumulative_trapezoid deg2rad dense_dim
    det detach diag diag_embed diagflat diagonal diagonal_scatter diff digamma dim dim_order dist div divide dot double dropout dropout1d
    dropout2d dropout3d dsmm dsplit dstack einsum element_size elu embedding embedding_bag empty_like eq equal erf erfc erfinv exp exp2
    expand expand_as expm1 feature_alpha_dropout feature_dropout fft_fft fft_fft2 fft_fftn fft_fftshift fft_hfft fft_hfft2 fft_hfftn
    fft_ifft fft_ifft2 fft_ifftn fft_ifftshift fft_ihfft fft_ihfft2 fft_ihfftn fft_irfft fft_irfft2 fft_irfftn fft_rfft fft_rfft2
    fft_rfftn fix flatten flip fliplr flipud float float_power floor floor_divide fmax fmin fmod fold frac fractional_max_pool2d
    fractional_max_pool2d_with_indices fractional_max_pool3d fractional_max_pool3d_with_indices frexp frobenius_norm full_like
    fused_moving_avg_obs_fake_quant gather gaussian_nll_loss gcd ge gelu geqrf ger glu greater greater_equal grid_sample grid_sampler
    grid_sampler_2d grid_sampler_3d group_norm gru gru_cell gt gumbel_softmax half hardshrink hardtanh hash_tensor heaviside
    hinge_embedding_loss histc histogram histogramdd hsmm hsplit hstack huber_loss hypot i0 igamma igammac imag index index_add index_fill
    index_put index_reduce index_select indices inner instance_norm int int_repr interpolate inverse irecv isclose isend isfinite isin
    isinf isnan isneginf isposinf isreal istft kl_div kron kthvalue l1_loss layer_norm lcm ldexp le leaky_relu lerp less less_equal lgamma
    linalg_cholesky linalg_cholesky_ex linalg_cond linalg_cross linalg_det linalg_diagonal linalg_eig linalg_eigh linalg_eigvals
    linalg_eigvalsh linalg_householder_product linalg_inv linalg_inv_ex linalg_ldl_factor linalg_ldl_factor_ex linalg_ldl_solve
    linalg_lstsq linalg_lu linalg_lu_factor linalg_lu_factor_ex linalg_lu_solve linalg_matmul linalg_matrix_exp linalg_matrix_norm
    linalg_matrix_power linalg_matrix_rank linalg_multi_dot linalg_norm linalg_pinv linalg_qr linalg_slogdet linalg_solve linalg_solve_ex
    linalg_solve_triangular linalg_svd linalg_svdvals linalg_tensorinv linalg_tensorsolve linalg_vander linalg_vecdot linalg_vector_norm
    linear linear_cross_entropy lobpcg local_response_norm log log10 log1p log2 log_sigmoid log_softmax logaddexp logaddexp2 logcumsumexp
    logdet logical_and logical_not logical_or logical_xor logit logsumexp long lp_pool1d lp_pool2d lp_pool3d lstm lstm_cell lt lu lu_solve
    lu_unpack margin_ranking_loss masked_fill masked_scatter masked_select matmul matrix_exp matrix_power max max_pool1d
    max_pool1d_with_indices max_pool2d max_pool2d_with_indices max_pool3d max_pool3d_with_indices max_unpool1d max_unpool2d max_unpool3d
    maximum mean median meshgrid min minimum mish mm mode module_load moveaxis movedim mse_loss msort mtia mul
    multi_head_attention_forward multi_margin_loss multilabel_margin_loss multilabel_soft_margin_loss multinomial multiply mv mvlgamma
    nan_to_num nanmean nanmedian nanquantile nansum narrow native_batch_norm native_channel_shuffle native_dropout native_group_norm
    native_layer_norm native_norm ndimension ne neg negative nelement nextafter nll_loss nonzero nonzero_static norm norm_except_dim
    normalize not_equal nuclear_norm numel one_hot ones_like orgqr ormqr outer pad pairwise_distance pca_lowrank pdist permute pinverse
    pixel_shuffle pixel_unshuffle poisson poisson_nll_loss polar polygamma positive pow prelu prod put qr qscheme quantile rad2deg ravel
    real reciprocal record_stream recv reduce reduce_scatter reduce_scatter_single relu relu6 remainder renorm repeat repeat_interleave
    reshape reshape_as resolve_conj resolve_neg rms_norm rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell roll rot90 round row_indices
    row_stack rrelu rsqrt rsub saddmm scaled_dot_product_attention scatter scatter_add scatter_reduce searchsorted segment_reduce select
    select_scatter selu send sgn short sigmoid sign signbit silu sin sinc sinh size slice_inverse slice_scatter slogdet smm smooth_l1_loss
    soft_margin_loss softmax softmin softplus softshrink softsign sort special_airy_ai special_bessel_j0 special_bessel_j1
    special_bessel_y0 special_bessel_y1 special_chebyshev_polynomial_t special_chebyshev_polynomial_u special_chebyshev_polynomial_v
    special_chebyshev_polynomial_w special_digamma special_entr special_erf special_erfc special_erfcx special_erfinv special_exp2
    special_expit special_expm1 special_gammainc special_gammaincc special_gammaln special_hermite_polynomial_h
    special_hermite_polynomial_he special_i0 special_i0e special_i1 special_i1e special_laguerre_polynomial_l
    special_legendre_polynomial_p special_log1p special_log_ndtr special_log_softmax special_logit special_logsumexp
    special_modified_bessel_i0 special_modified_bessel_i1 special_modified_bessel_k0 special_modified_bessel_k1 special_multigammaln
    special_ndtr special_ndtri special_polygamma special_psi special_round special_scaled_modified_bessel_k0
    special_scaled_modified_bessel_k1 special_shifted_chebyshev_polynomial_t special_shifted_chebyshev_polynomial_u
    special_shifted_chebyshev_polynomial_v special_shifted_chebyshev_polynomial_w special_sinc special_softmax special_spherical_bessel_j0
    special_xlog1py special_xlogy special_zeta split split_with_sizes sqrt square squeeze sspaddmm stack std std_mean stft sub subtract
    sum sum_to_size svd svd_lowrank swapaxes swapdims sym_float sym_int sym_ite sym_max sym_min sym_not sym_sum t take take_along_dim tan
    tanh tanhshrink tensor_split tensordot threshold tile to topk trace transpose trapezoid trapz triangular_solve tril
    triplet_margin_loss triplet_margin_with_distance_loss triu true_divide trunc type type_as unbind unflatten unfold unique
    unique_consecutive unravel_index unsafe_split unsafe_split_with_sizes unsqueeze values var var_mean vdot view view_as view_as_complex
    view_as_real vsplit vstack where xlogy zeros_like
    """.split()  # noqa: SIM905 (a list literal would take eight times the lines)
)
"""They can be called from a document: ``fft2``, ``cumsum``."""
