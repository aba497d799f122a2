// SPDX-License-Identifier: Apache-2.0
// Attention: choice of the compute routines, scratch, and the grid of tasks, which depends on
// shapes only.

#include "graph/cpu/attention.h"

#include <omp.h>

#include "graph/cpu/attention_impl.h"

/* Heads are cut into ranges of queries until there are about this many tasks; a range keeps at
   least this many queries, so that packing the keys again for each costs little. */
#define TASKS 32
#define RANGE 256

/* Heads that touch at most this many bytes are fetched while the one before is at work. */
#define AHEAD (160 * 1024)

static const gndp_attention_ops *ops_for(gndp_attention_kind kind, gndp_simd simd, bool has_bf16)
{
#ifdef GNDP_HAVE_X86_SIMD
    if (kind == GNDP_ATTENTION_BF16 && simd == GNDP_SIMD_AVX512 && has_bf16)
        return &gndp_attention_bf16_avx512bf16;
    if (kind == GNDP_ATTENTION_F32 && simd != GNDP_SIMD_BASE)
        return simd == GNDP_SIMD_AVX512 ? &gndp_attention_f32_avx512 : &gndp_attention_f32_avx2;
    if (kind == GNDP_ATTENTION_F64 && simd != GNDP_SIMD_BASE)
        return simd == GNDP_SIMD_AVX512 ? &gndp_attention_f64_avx512 : &gndp_attention_f64_avx2;
#else
    (void)simd;
    (void)has_bf16;
#endif
    if (kind == GNDP_ATTENTION_BF16)
        return &gndp_attention_bf16_baseline;
    return kind == GNDP_ATTENTION_F64 ? &gndp_attention_f64_baseline : &gndp_attention_f32_baseline;
}

static int64_t at_least(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t up_to(int64_t n, int64_t unit) /* n rounded up to a multiple */
{
    return (n + unit - 1) / unit * unit;
}

/* Next piece of scratch; with base NULL only the size is counted. */
static void *take(char *base, size_t *used, size_t bytes)
{
    void *p = base != NULL ? base + *used : NULL;
    *used += (bytes + 63) / 64 * 64;
    return p;
}

/* Scratch of one thread; returns its bytes. */
static size_t lay_out(const gndp_attention_ops *ops, const gndp_attention_shape *s, bool adjoint,
                      char *base, gndp_attention_work *w)
{
    const int64_t lanes = ops->lanes, pair = ops->pair, queries = ops->vectors * lanes,
                  block = up_to(
                      at_least(s->nk < GNDP_ATTENTION_KEYS ? s->nk : GNDP_ATTENTION_KEYS, 1), 12),
                  key_words = (s->nk + pair - 1) / pair, k = up_to(s->dk, lanes),
                  v = up_to(s->dv, lanes), k_words = up_to((s->dk + pair - 1) / pair, lanes),
                  v_words = up_to((s->dv + pair - 1) / pair, lanes);
    const size_t word = ops->word, real = ops->real;
    size_t used = 0;
    *w = (gndp_attention_work){0};
    if (s->mask != NULL && s->mask_q == 0)
        w->keep = take(base, &used, (size_t)(s->nk + 1) * sizeof *w->keep);
    if (s->mask != NULL && s->mask_q != 0)
        w->bits = take(base, &used, (size_t)block * sizeof *w->bits);
    w->k_row = take(base, &used, (size_t)(s->nk * k_words) * word);
    w->q_turn = take(base, &used, (size_t)(k_words * queries) * word);
    w->score = take(base, &used, (size_t)(block * queries) * real);
    w->sum = take(base, &used, (size_t)(at_least(k, v) * queries) * real);
    w->stat = take(base, &used, (size_t)(4 * queries) * real);
    w->p_pair = pair > 1 ? take(base, &used, (size_t)(block / pair * queries) * word) : NULL;
    if (!adjoint) {
        w->v_pair = take(base, &used, (size_t)(key_words * v) * word);
        return used;
    }
    w->v_row = take(base, &used, (size_t)(s->nk * v_words) * word);
    w->k_pair = pair > 1 ? take(base, &used, (size_t)(key_words * k) * word) : w->k_row;
    w->d_turn = take(base, &used, (size_t)(v_words * queries) * word);
    w->q_pair = take(base, &used, (size_t)(queries / pair * k) * word);
    w->d_pair = take(base, &used, (size_t)(queries / pair * v) * word);
    w->grad = take(base, &used, (size_t)(block * queries) * real);
    if (pair > 1) {
        w->p_row = take(base, &used, (size_t)(block * queries / pair) * word);
        w->g_row = take(base, &used, (size_t)(block * queries / pair) * word);
    }
    w->k_sum = take(base, &used, (size_t)(s->nk * k) * real);
    w->v_sum = take(base, &used, (size_t)(s->nk * v) * real);
    return used;
}

/* The tasks: heads x groups of batch members x ranges of queries. The forward pass and, where
   nothing is shared, the adjoint have one member in a group. */
typedef struct grid {
    int64_t groups, ranges, range;     /* range: queries in one */
    int64_t q_parts, k_parts, v_parts; /* partial sums of each gradient; 1: written in place */
    int64_t tasks;
} grid;

static grid make_grid(const gndp_attention_shape *s, bool adjoint)
{
    const bool q = s->batch > 1 && s->q_batch == 0, k = s->batch > 1 && s->k_batch == 0,
               v = s->batch > 1 && s->v_batch == 0;
    grid g = {.groups = s->batch};
    if (adjoint && (q || k || v)) {
        const int64_t most = at_least(1, (TASKS + s->heads - 1) / at_least(s->heads, 1));
        g.groups = s->batch < most ? s->batch : most;
    }
    const int64_t units = at_least(g.groups * s->heads, 1);
    const int64_t wanted = (TASKS + units - 1) / units, most = at_least(s->nq / RANGE, 1);
    g.ranges = wanted < most ? wanted : most;
    g.range = up_to(at_least((s->nq + g.ranges - 1) / g.ranges, 1), 64);
    g.ranges = at_least((s->nq + g.range - 1) / g.range, 1);
    g.q_parts = q ? g.groups : 1;
    g.k_parts = (k ? g.groups : 1) * g.ranges;
    g.v_parts = (v ? g.groups : 1) * g.ranges;
    g.tasks = g.groups * s->heads * g.ranges;
    return g;
}

/* A gradient that is summed over members or ranges: parts [owner, part, n, heads-wise d]. */
typedef struct partial {
    int64_t parts, n, d;
    bool shared; /* over the batch: one owner a head, not one a member and head */
    char *data;  /* NULL when parts == 1 */
} partial;

static partial make_partial(const gndp_attention_ops *ops, const gndp_attention_shape *s,
                            int64_t parts, int64_t n, int64_t d, int64_t batch_stride, char *base,
                            size_t *used)
{
    partial p = {.parts = parts, .n = n, .d = d, .shared = s->batch > 1 && batch_stride == 0};
    if (parts > 1) {
        const int64_t owners = s->heads * (p.shared ? 1 : s->batch);
        p.data = take(base, used, (size_t)(owners * parts * n * d) * ops->real);
    }
    return p;
}

typedef struct call {
    const gndp_attention_ops *ops;
    const gndp_attention_shape *s;
    grid g;
    bool adjoint;
    partial q, k, v;
    size_t a_thread;
    char *threads; /* scratch of the threads */
} call;

/* Fills the call; returns the bytes of all scratch. */
static size_t make_call(const gndp_attention_ops *ops, const gndp_attention_shape *s, bool adjoint,
                        int threads, void *scratch, call *c)
{
    char *base = scratch;
    size_t used = 0;
    gndp_attention_work w;
    if (base != NULL)
        base += (64 - (uintptr_t)base % 64) % 64;
    *c = (call){.ops = ops, .s = s, .adjoint = adjoint, .g = make_grid(s, adjoint)};
    if (adjoint) {
        c->q = make_partial(ops, s, c->g.q_parts, s->nq, s->dk, s->q_batch, base, &used);
        c->k = make_partial(ops, s, c->g.k_parts, s->nk, s->dk, s->k_batch, base, &used);
        c->v = make_partial(ops, s, c->g.v_parts, s->nk, s->dv, s->v_batch, base, &used);
    }
    /* an odd number of lines apart, so that the threads' buffers do not share cache sets and pages
     */
    c->a_thread = lay_out(ops, s, adjoint, NULL, &w) / 128 * 128 + 192;
    c->threads = take(base, &used, c->a_thread * (size_t)(threads > 0 ? threads : 1));
    return used + 64;
}

size_t gndp_attention_scratch_bytes(gndp_attention_kind kind, gndp_simd simd, bool has_bf16,
                                    const gndp_attention_shape *shape, int threads, bool adjoint)
{
    call c;
    return make_call(ops_for(kind, simd, has_bf16), shape, adjoint, threads, NULL, &c);
}

static const void *at(const void *p, int64_t index, size_t real)
{
    return (const char *)p + index * (int64_t)real;
}

static void *at_out(void *p, int64_t index, size_t real)
{
    return (char *)p + index * (int64_t)real;
}

typedef struct arrays {
    const void *q, *k, *v, *fwd_o, *fwd_lse, *d_o;
    void *o, *lse, *dq, *dk, *dv;
} arrays;

/* Where a task writes a gradient: its part, or the caller's rows. */
static void *destination(const call *c, const partial *p, int64_t owner, int64_t part, int64_t row0,
                         void *out, int64_t out_index, int64_t out_row, int64_t *row)
{
    if (p->data == NULL) {
        *row = out_row;
        return at_out(out, out_index + row0 * out_row, c->ops->real);
    }
    *row = p->d;
    return at_out(p->data, ((owner * p->parts + part) * p->n + row0) * p->d, c->ops->real);
}

static gndp_attention_head head_at(const call *c, const arrays *x, int64_t b, int64_t h, int64_t q0,
                                   int64_t nq)
{
    const gndp_attention_shape *s = c->s;
    const size_t real = c->ops->real;
    const int64_t q = b * s->q_batch + q0 * s->q_row + h * s->dk,
                  o = b * s->o_batch + q0 * s->o_row + h * s->dv,
                  row = (b * s->heads + h) * s->nq + q0;
    gndp_attention_head head = {
        .nq = nq,
        .nk = s->nk,
        .dk = s->dk,
        .dv = s->dv,
        .q_row = s->q_row,
        .k_row = s->k_row,
        .v_row = s->v_row,
        .o_row = s->o_row,
        .scale = s->scale,
        .q = at(x->q, q, real),
        .k = at(x->k, b * s->k_batch + h * s->dk, real),
        .v = at(x->v, b * s->v_batch + h * s->dv, real),
        .mask = s->mask != NULL ? s->mask + b * s->mask_batch + q0 * s->mask_q : NULL,
        .mask_q = s->mask_q,
        .mask_k = s->mask_k,
    };
    if (c->adjoint) {
        head.fwd_o = at(x->fwd_o, o, real);
        head.d_o = at(x->d_o, o, real);
        head.fwd_lse = at(x->fwd_lse, row, real);
    } else {
        head.o = at_out(x->o, o, real);
        head.lse = x->lse != NULL ? at_out(x->lse, row, real) : NULL;
    }
    return head;
}

/* Batch members of the group of task t; range is fastest, then head, then group. */
static void members(const call *c, int64_t t, int64_t *b0, int64_t *b1)
{
    const int64_t group = t / (c->g.ranges * c->s->heads);
    *b0 = group * c->s->batch / c->g.groups;
    *b1 = (group + 1) * c->s->batch / c->g.groups;
}

static gndp_attention_head task_head(const call *c, const arrays *x, int64_t t, int64_t b)
{
    const gndp_attention_shape *s = c->s;
    const int64_t range = t % c->g.ranges, h = t / c->g.ranges % s->heads,
                  group = t / (c->g.ranges * s->heads), q0 = range * c->g.range,
                  nq = s->nq - q0 < c->g.range ? s->nq - q0 : c->g.range, own = b * s->heads + h,
                  part = group * c->g.ranges + range;
    gndp_attention_head head = head_at(c, x, b, h, q0, nq);
    int64_t b0, b1;
    if (!c->adjoint)
        return head;
    members(c, t, &b0, &b1);
    head.dq = destination(c, &c->q, h, group, q0, x->dq, b * s->q_batch + h * s->dk, s->q_row,
                          &head.dq_row);
    head.dk_out = destination(c, &c->k, c->k.shared ? h : own, c->k.shared ? part : range, 0, x->dk,
                              b * s->k_batch + h * s->dk, s->k_row, &head.dk_row);
    head.dv_out = destination(c, &c->v, c->v.shared ? h : own, c->v.shared ? part : range, 0, x->dv,
                              b * s->v_batch + h * s->dv, s->v_row, &head.dv_row);
    head.dq_add = c->q.shared && b > b0;
    head.dk_add = c->k.shared && b > b0;
    head.dv_add = c->v.shared && b > b0;
    return head;
}

static void run_task(const call *c, const arrays *x, int64_t t, const gndp_attention_work *w)
{
    const gndp_attention_shape *s = c->s;
    const int64_t touched = 2 * (s->nq + s->nk) * (s->dk + s->dv) * (int64_t)c->ops->real;
    int64_t b0, b1, n0, n1;
    members(c, t, &b0, &b1);
    for (int64_t b = b0; b < b1; b++) {
        gndp_attention_head head = task_head(c, x, t, b), next;
        if (touched <= AHEAD && (b + 1 < b1 || t + 1 < c->g.tasks)) {
            members(c, t + 1, &n0, &n1);
            next = b + 1 < b1 ? task_head(c, x, t, b + 1) : task_head(c, x, t + 1, n0);
            head.next = &next;
        }
        if (c->adjoint)
            c->ops->adjoint(&head, w);
        else
            c->ops->forward(&head, w);
    }
}

/* The share of one thread of the team. */
static void run_share(const call *c, const arrays *x, int thread, int team)
{
    gndp_attention_work w;
    lay_out(c->ops, c->s, c->adjoint, c->threads + c->a_thread * (size_t)thread, &w);
    const int64_t end = c->g.tasks * (thread + 1) / team;
    for (int64_t t = c->g.tasks * thread / team; t < end; t++)
        run_task(c, x, t, &w);
}

static void run_tasks(const call *c, const arrays *x, int threads)
{
    if (threads <= 1) {
        run_share(c, x, 0, 1);
        return;
    }
#pragma omp parallel num_threads(threads)
    run_share(c, x, omp_get_thread_num(), omp_get_num_threads());
}

/* The parts of one gradient, row by row, in the order of the parts. */
static void sum_partial(const call *c, const partial *p, void *out, int64_t out_batch,
                        int64_t out_row, int threads)
{
    const size_t real = c->ops->real;
    const int64_t heads = c->s->heads, owners = heads * (p->shared ? 1 : c->s->batch);
    if (p->data == NULL)
        return;
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (int64_t i = 0; i < owners * p->n; i++) {
        const int64_t owner = i / p->n, row = i % p->n, b = owner / heads, h = owner % heads;
        c->ops->sum_parts(p->d, p->parts, p->n * p->d,
                          at(p->data, (owner * p->parts * p->n + row) * p->d, real),
                          at_out(out, b * out_batch + row * out_row + h * p->d, real));
    }
}

void gndp_attention_forward(gndp_attention_kind kind, gndp_simd simd, bool has_bf16,
                            const gndp_attention_shape *shape, const void *q, const void *k,
                            const void *v, void *o, void *lse, void *scratch, int threads)
{
    call c;
    const arrays x = {.q = q, .k = k, .v = v, .o = o, .lse = lse};
    make_call(ops_for(kind, simd, has_bf16), shape, false, threads, scratch, &c);
    run_tasks(&c, &x, threads);
}

void gndp_attention_adjoint(gndp_attention_kind kind, gndp_simd simd, bool has_bf16,
                            const gndp_attention_shape *shape, const void *q, const void *k,
                            const void *v, const void *o, const void *lse, const void *d_o,
                            void *dq, void *dk, void *dv, void *scratch, int threads)
{
    call c;
    const arrays x = {.q = q,
                      .k = k,
                      .v = v,
                      .fwd_o = o,
                      .fwd_lse = lse,
                      .d_o = d_o,
                      .dq = dq,
                      .dk = dk,
                      .dv = dv};
    make_call(ops_for(kind, simd, has_bf16), shape, true, threads, scratch, &c);
    run_tasks(&c, &x, threads);
    sum_partial(&c, &c.q, dq, shape->q_batch, shape->q_row, threads);
    sum_partial(&c, &c.k, dk, shape->k_batch, shape->k_row, threads);
    sum_partial(&c, &c.v, dv, shape->v_batch, shape->v_row, threads);
}
