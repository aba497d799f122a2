// SPDX-License-Identifier: Apache-2.0
// An abstract vector of reals, so that each elementwise formula is written once and compiled for
// every SIMD level.
//
// Before including, define
//   GNDP_VEC_LEVEL  0 scalar (the reference), 1 baseline (16-byte compiler vectors), 2 AVX2+FMA, 3
//   AVX-512 F/BW/DQ/VL GNDP_VEC_REAL   32 or 64
// The file may be included again with the other GNDP_VEC_REAL: there is no include guard, each pass
// defines the names GNDP_V(f) = f_<level>_<real>. Callers write GNDP_VREAL, GNDP_VMASK,
// GNDP_VLANES, REAL and GNDP_V(..).
//
//   v_load v_store           GNDP_VLANES reals, no alignment needed
//   v_load_n v_store_n       the first n lanes, 0 < n <= GNDP_VLANES; other lanes read as 0, other
//   memory is not touched v_set                    one value in every lane v_add v_sub v_mul v_div
//   v_neg v_abs v_sqrt v_floor v_round (to even)     exactly rounded: the same bits at every level
//   v_fma                    a b + c with one rounding where the level has it, else with two: for
//   approximations only v_max v_min              NaN if either argument is NaN; b when they are
//   equal (so max(-0, +0) = +0) v_at_least v_at_most     bound x by a constant that is not NaN, one
//   instruction; NaN stays v_copysign               magnitude of the first, sign of the second v_lt
//   v_le v_eq           masks, false where an argument is NaN v_not v_select(m, a, b)  a where m,
//   else b; a NaN in the lane not chosen does not matter v_mask_load v_mask_store i32 memory, one
//   int32_t a lane whatever the width of REAL; load: != 0; store: 1 or 0; also _n v_sum v_largest
//   over the lanes: halves are folded, lane j with lane j + h for h = lanes/2, .., 2, 1 v_any
//   whether a lane of the mask is set (levels 2, 3) v_flip_if_odd            x (-1)^n for integral
//   n (levels 2, 3) v_pow2 v_scale2          2^n and x 2^n for integral n (a real); see each level
//   for the range v_exp v_expm1 v_log v_log1p v_sin v_cos v_tanh v_erf v_pow v_atan2    vec_math.h,
//   with error bounds v_map1 v_map2            a double function lane by lane, where no vector form
//   exists
#undef GNDP_VEC_CAT_
#undef GNDP_VEC_CAT
#undef GNDP_V
#undef REAL
#undef GNDP_VREAL
#undef GNDP_VMASK
#undef GNDP_VEC_LEVEL_NAME
#undef GNDP_VEC_REAL_NAME
#undef GNDP_VLANES

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if GNDP_VEC_REAL == 32
#define REAL float
#define GNDP_VEC_REAL_NAME f32
#elif GNDP_VEC_REAL == 64
#define REAL double
#define GNDP_VEC_REAL_NAME f64
#else
#error "GNDP_VEC_REAL is 32 or 64"
#endif

#if GNDP_VEC_LEVEL == 0
#define GNDP_VEC_LEVEL_NAME scalar
#elif GNDP_VEC_LEVEL == 1
#define GNDP_VEC_LEVEL_NAME baseline
#elif GNDP_VEC_LEVEL == 2
#define GNDP_VEC_LEVEL_NAME avx2
#elif GNDP_VEC_LEVEL == 3
#define GNDP_VEC_LEVEL_NAME avx512
#else
#error "GNDP_VEC_LEVEL is 0, 1, 2 or 3"
#endif

#define GNDP_VEC_CAT_(a, b, c) a##_##b##_##c
#define GNDP_VEC_CAT(a, b, c) GNDP_VEC_CAT_(a, b, c)
#define GNDP_V(name) GNDP_VEC_CAT(name, GNDP_VEC_LEVEL_NAME, GNDP_VEC_REAL_NAME)
#define GNDP_VREAL GNDP_V(vreal)
#define GNDP_VMASK GNDP_V(vmask)

#if GNDP_VEC_LEVEL == 0
#include "graph/cpu/vec_scalar.h"
#elif GNDP_VEC_LEVEL == 1
#include "graph/cpu/vec_baseline.h"
#elif GNDP_VEC_LEVEL == 2
#include "graph/cpu/vec_avx2.h"
#else
#include "graph/cpu/vec_avx512.h"
#endif
#include "graph/cpu/vec_math.h"
