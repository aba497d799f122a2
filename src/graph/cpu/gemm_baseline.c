// SPDX-License-Identifier: Apache-2.0
// Matrix products without processor-specific instructions: 16-byte vectors of the compiler,
// register tiles of 4 x 8 (f32) and 4 x 4 (f64), multiply and add separately rounded.
#include "graph/cpu/gemm_levels.h"
#include "graph/cpu/gemm_tile.h"

typedef float vec_f32 __attribute__((vector_size(16)));
typedef double vec_f64 __attribute__((vector_size(16)));

GNDP_GEMM_INLINE vec_f32 load_f32(const float *p, int n)
{
    vec_f32 v = {0.0f};
    if (n == 4)
        memcpy(&v, p, sizeof v);
    else
        for (int i = 0; i < n; i++)
            v[i] = p[i];
    return v;
}

GNDP_GEMM_INLINE void store_f32(float *p, int n, vec_f32 v)
{
    if (n == 4)
        memcpy(p, &v, sizeof v);
    else
        for (int i = 0; i < n; i++)
            p[i] = v[i];
}

GNDP_GEMM_INLINE vec_f64 load_f64(const double *p, int n)
{
    vec_f64 v = {0.0};
    if (n == 2)
        memcpy(&v, p, sizeof v);
    else if (n == 1)
        v[0] = p[0];
    return v;
}

GNDP_GEMM_INLINE void store_f64(double *p, int n, vec_f64 v)
{
    if (n == 2)
        memcpy(p, &v, sizeof v);
    else if (n == 1)
        p[0] = v[0];
}

#define MR 4
#define ROW_FN_LIST(X) X(1) X(2) X(3) X(4)
#define DIRECT_B 0
#define KSTEP 1
#define COPY_ROW(dst, src, k) memcpy(dst, src, (size_t)(k) * sizeof(REAL))
#define PACK_UNIT(src, k_stride, k_left) (*(src))
#define PACK_COPY(dst, src, k_stride, k_left, n) V_STORE(dst, V_LOAD_MASK(V_MASK(n), src))
#define B_LOAD V_LOAD
#define B_LOAD_MASK V_LOAD_MASK
#define A_SPLAT(p) V_SPLAT(*(p))

#define GNDP_G(name) name##_baseline_f32
#define GEMM_TABLE gndp_gemm_f32_baseline
#define REAL float
#define UNIT float
#define LANES 4
#define VEC vec_f32
#define BVEC vec_f32
#define MASK int
#define V_ZERO ((vec_f32){0.0f, 0.0f, 0.0f, 0.0f})
#define V_SPLAT(x) ((vec_f32){(x), (x), (x), (x)})
#define V_LOAD(p) load_f32(p, 4)
#define V_STORE(p, v) store_f32(p, 4, v)
#define V_ADD(a, b) ((a) + (b))
#define V_MUL(a, b) ((a) * (b))
#define V_MASK(n) ((int)(n))
#define V_LOAD_MASK(m, p) load_f32(p, m)
#define V_STORE_MASK(m, p, v) store_f32(p, m, v)
#define V_FMA(acc, a, b) ((acc) + (a) * (b))
#define V_SUM(v) (((v)[0] + (v)[2]) + ((v)[1] + (v)[3]))
#include "graph/cpu/gemm_block.inl"
#include "graph/cpu/gemm_product.inl"

#define GNDP_G(name) name##_baseline_f64
#define GEMM_TABLE gndp_gemm_f64_baseline
#define REAL double
#define UNIT double
#define LANES 2
#define VEC vec_f64
#define BVEC vec_f64
#define MASK int
#define V_ZERO ((vec_f64){0.0, 0.0})
#define V_SPLAT(x) ((vec_f64){(x), (x)})
#define V_LOAD(p) load_f64(p, 2)
#define V_STORE(p, v) store_f64(p, 2, v)
#define V_ADD(a, b) ((a) + (b))
#define V_MUL(a, b) ((a) * (b))
#define V_MASK(n) ((int)(n))
#define V_LOAD_MASK(m, p) load_f64(p, m)
#define V_STORE_MASK(m, p, v) store_f64(p, m, v)
#define V_FMA(acc, a, b) ((acc) + (a) * (b))
#define V_SUM(v) ((v)[0] + (v)[1])
#include "graph/cpu/gemm_block.inl"
#include "graph/cpu/gemm_product.inl"
