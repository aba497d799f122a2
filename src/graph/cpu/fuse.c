// SPDX-License-Identifier: Apache-2.0
// Gathering nodes into units: greedy, in order of the nodes, never closing a cycle between units.
#include "graph/cpu/fuse.h"

#include "graph/ops/elementwise.h"
#include "graph/ops/matmul.h"

#include <string.h>

gndp_strides gndp_dense(gndp_type type)
{
    gndp_strides s = {0};
    int64_t step = 1;
    for (int i = type.rank - 1; i >= 0; i--) {
        s.stride[i] = step;
        step *= type.dim[i];
    }
    return s;
}

bool gndp_view_is_dense(gndp_type type, const gndp_strides *s)
{
    const gndp_strides dense = gndp_dense(type);
    for (int i = 0; i < type.rank; i++) {
        if (type.dim[i] > 1 && s->stride[i] != dense.stride[i]) {
            return gndp_type_count(type) == 0;
        }
    }
    return true;
}

cpu_view gndp_cpu_view(const cpu_fusion *f, ir_ref ref)
{
    if (ref.out > 0) {
        return (cpu_view){.base = ref, .strides = gndp_dense(ir_type(f->ir, ref))};
    }
    return f->views[ref.node];
}

bool gndp_view_is_flat(const cpu_fusion *f, ir_ref ref, const cpu_view *view)
{
    const gndp_type type = ir_type(f->ir, ref);
    return view->strides.offset == 0 && gndp_type_count(type) == gndp_type_count(ir_type(f->ir, view->base)) &&
           gndp_view_is_dense(type, &view->strides);
}

int gndp_cpu_sources(const cpu_fusion *f, ir_ref ref, ir_ref *out)
{
    const cpu_view view = gndp_cpu_view(f, ref);
    const ir_node *base = &f->ir->nodes[view.base.node];
    if (!f->joined[view.base.node]) {
        out[0] = view.base;
        return 1;
    }
    for (int i = 0; i < base->n_in; i++) {
        out[i] = gndp_cpu_view(f, base->in[i]).base;
    }
    return base->n_in;
}

/* A view node that cannot be said in strides, or was asked to be an array, stands for itself. */
static void find_view(cpu_fusion *f, int32_t id)
{
    const ir_node *node = &f->ir->nodes[id];
    const ir_ref self = {id, 0};
    f->views[id] = (cpu_view){.base = self, .strides = gndp_dense(node->out[0])};
    if (node->op->view == NULL || f->copied[id]) {
        return;
    }
    const cpu_view from = gndp_cpu_view(f, node->in[0]);
    gndp_strides to;
    if (node->op->view(&node->attr, ir_type(f->ir, node->in[0]), node->out[0], &from.strides, &to)) {
        f->views[id] = (cpu_view){.base = from.base, .strides = to};
    } else {
        f->copied[id] = true;
    }
}

static bool copy_in_place_of_view(const cpu_fusion *f, int32_t id)
{
    const ir_node *node = &f->ir->nodes[id];
    const cpu_view from = gndp_cpu_view(f, node->in[0]);
    gndp_strides to;
    return node->op->view(&node->attr, ir_type(f->ir, node->in[0]), node->out[0], &from.strides, &to);
}

gndp_type gndp_member_space(const cpu_fusion *f, int32_t id)
{
    const ir_node *node = &f->ir->nodes[id];
    const bool from_input = node->op->reduction != 0 || (f->copied[id] && !copy_in_place_of_view(f, id));
    return from_input ? ir_type(f->ir, node->in[0]) : node->out[0];
}

/* The copy of a view reads its input through that view. */
bool gndp_reads_flat(const cpu_fusion *f, int32_t id, int i)
{
    const ir_node *node = &f->ir->nodes[id];
    cpu_view view = gndp_cpu_view(f, node->in[i]);
    gndp_strides to;
    if (node->op->view == NULL || !node->op->view(&node->attr, ir_type(f->ir, node->in[i]), node->out[0], &view.strides, &to)) {
        return gndp_view_is_flat(f, node->in[i], &view);
    }
    return to.offset == 0 && gndp_type_count(node->out[0]) == gndp_type_count(ir_type(f->ir, view.base)) && gndp_view_is_dense(node->out[0], &to);
}

/* The reshapes that strides cannot say, and inputs of routines that want dense arrays, become arrays. */
static void find_views(cpu_fusion *f)
{
    for (int32_t id = 0; id < f->ir->n; id++) {
        const ir_node *node = &f->ir->nodes[id];
        find_view(f, id);
        const bool routine = !node->op->leaf && !node->op->effect && node->op->view == NULL && !gndp_is_elementwise(node->op) &&
                             node->op->reduction == 0 && !node->op->matmul;
        for (int i = 0; i < node->n_in && routine; i++) {
            const cpu_view view = gndp_cpu_view(f, node->in[i]);
            if (!gndp_view_is_dense(ir_type(f->ir, node->in[i]), &view.strides)) {
                f->copied[node->in[i].node] = true;
                find_view(f, node->in[i].node);
            }
        }
    }
    /* views of views made arrays later would read round them: that is right, and needs no second look */
}

/* ------------------------------------------------------------------------------------------ pieces */

/* A concat or pad along its last axis, of few pieces whose columns lie in order. */
static bool could_join(const cpu_fusion *f, int32_t id)
{
    const ir_node *node = &f->ir->nodes[id];
    const gndp_type type = node->out[0];
    const int last = type.rank - 1;
    const bool concat = strcmp(node->op->name, "concat") == 0, pad = strcmp(node->op->name, "pad") == 0;
    if ((!concat && !pad) || last < 1 || type.dim[last] > FUSE_ROW_LIMIT || type.dim[last] < 2 || gndp_type_count(type) == 0 ||
        (concat && (node->attr.i[0] != last || node->n_in > 6))) {
        return false;
    }
    for (int i = 0; i < last && pad; i++) {
        if (node->attr.i[i] != 0 || node->attr.i[GNDP_MAX_RANK + i] != 0) {
            return false;
        }
    }
    for (int i = 0; i < node->n_in; i++) {
        const gndp_type piece = ir_type(f->ir, node->in[i]);
        const cpu_view view = gndp_cpu_view(f, node->in[i]);
        const int64_t step = view.strides.stride[piece.rank - 1];
        if ((piece.dim[piece.rank - 1] > 1 && step != 0 && step != 1) || strcmp(f->ir->nodes[view.base.node].op->name, "concat") == 0 ||
            strcmp(f->ir->nodes[view.base.node].op->name, "pad") == 0) {
            return false; /* pieces of pieces would have to be looked through twice */
        }
    }
    return true;
}

/* Some number of trailing axes of the space hold exactly the row. */
static bool ends_rows(gndp_type space, int64_t row)
{
    int64_t product = 1;
    for (int i = space.rank - 1; i >= 0 && product < row; i--) {
        product *= space.dim[i];
    }
    return product == row;
}

/* ---------------------------------------------------------------------------------- refined axes */

/* Insert the products of trailing axes of `type` into the sorted list of `n` such products. */
static bool add_cuts(gndp_type type, int64_t *cut, int *n)
{
    int64_t product = 1;
    for (int i = type.rank - 1; i >= 0; i--) {
        product *= type.dim[i];
        if (type.dim[i] == 1) {
            continue;
        }
        int at = 0;
        while (at < *n && cut[at] < product) {
            at++;
        }
        if (at < *n && cut[at] == product) {
            continue;
        }
        if (*n > GNDP_MAX_RANK) {
            return false;
        }
        memmove(&cut[at + 1], &cut[at], (size_t)(*n - at) * sizeof *cut);
        cut[at] = product;
        ++*n;
    }
    return true;
}

/* Common refinement of two lists of axes of the same count. */
static bool refine(int *rank, int64_t *dim, gndp_type type)
{
    int64_t cut[GNDP_MAX_RANK + 2];
    int n = 0;
    gndp_type mine = {.rank = *rank};
    memcpy(mine.dim, dim, (size_t)*rank * sizeof *dim);
    if (!add_cuts(mine, cut, &n) || !add_cuts(type, cut, &n) || n > GNDP_MAX_RANK) {
        return false;
    }
    for (int i = 1; i < n; i++) {
        if (cut[i] % cut[i - 1] != 0) {
            return false;
        }
    }
    *rank = n;
    for (int i = 0; i < n; i++) {
        dim[n - 1 - i] = i == 0 ? cut[0] : cut[i] / cut[i - 1];
    }
    return true;
}

bool gndp_refine_strides(gndp_type type, const int64_t *stride, int rank, const int64_t *dim, int64_t *out)
{
    int i = type.rank - 1;
    int64_t inner = 1; /* how much of axis i is used up */
    for (int k = rank - 1; k >= 0; k--) {
        while (i >= 0 && inner == type.dim[i]) {
            inner = 1;
            i--;
        }
        if (i < 0) {
            return false;
        }
        out[k] = stride[i] * inner;
        inner *= dim[k];
        if (type.dim[i] % inner != 0) {
            return false;
        }
    }
    return true;
}

/* May node `id` load its i-th input by pieces? Its rows must be those of the pieces, and its axes fit theirs. */
static bool reads_rows(const cpu_fusion *f, int32_t id, int i, int64_t *row, int *rank, int64_t *dim)
{
    const ir_node *node = &f->ir->nodes[id];
    const cpu_view view = gndp_cpu_view(f, node->in[i]);
    const gndp_type type = ir_type(f->ir, view.base), space = gndp_member_space(f, id);
    const int64_t length = type.dim[type.rank - 1];
    if (!gndp_is_elementwise(node->op) || !gndp_view_is_flat(f, node->in[i], &view) || gndp_type_count(space) != gndp_type_count(type) ||
        !ends_rows(space, length) || (*row > 0 && *row != length) || !refine(rank, dim, type)) {
        return false;
    }
    *row = length;
    return true;
}

static void find_joined(cpu_fusion *f)
{
    for (int32_t id = 0; id < f->ir->n; id++) {
        f->joined[id] = could_join(f, id);
    }
    for (int64_t i = 0; i < f->ir->n_outputs; i++) {
        f->joined[gndp_cpu_view(f, f->ir->outputs[i]).base.node] = false;
    }
    for (int32_t id = 0; id < f->ir->n; id++) {
        const ir_node *node = &f->ir->nodes[id];
        int64_t dim[GNDP_MAX_RANK] = {0}, row = 0;
        int rank = 0;
        bool fresh = true;
        for (int i = 0; i < node->n_in; i++) {
            const int32_t base = gndp_cpu_view(f, node->in[i]).base.node;
            const bool plain = node->op->view != NULL && !f->copied[id]; /* reads nothing itself */
            if (!f->joined[base] || plain) {
                continue;
            }
            if (fresh) { /* only now: few nodes read such an array */
                fresh = false;
                f->joined[base] = gndp_type_count(gndp_member_space(f, id)) > 0 && refine(&rank, dim, gndp_member_space(f, id));
            }
            f->joined[base] = f->joined[base] && reads_rows(f, id, i, &row, &rank, dim);
        }
    }
}

/* Refine the axes by those of the arrays that a node loads by pieces. */
static bool refine_pieces(const cpu_fusion *f, int32_t id, int *rank, int64_t *dim)
{
    const ir_node *node = &f->ir->nodes[id];
    for (int i = 0; i < node->n_in; i++) {
        const ir_ref base = gndp_cpu_view(f, node->in[i]).base;
        if (f->joined[base.node] && !refine(rank, dim, ir_type(f->ir, base))) {
            return false;
        }
    }
    return true;
}

/* -------------------------------------------------------------------------------------- dependence */

static int32_t resolve(const cpu_fusion *f, int32_t unit)
{
    while (unit >= 0 && f->units[unit].dead) {
        unit = f->units[unit].merged_into;
    }
    return unit;
}

static void add_wait(cpu_fusion *f, cpu_unit *u, int32_t from)
{
    for (int i = 0; i < u->n_wait; i++) {
        if (u->wait[i] == from) {
            return;
        }
    }
    if (u->n_wait == u->wait_capacity) {
        const int capacity = 2 * u->wait_capacity + 8;
        int32_t *grown = gndp_arena_alloc(f->plan->arena, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            f->out_of_memory = true;
            return;
        }
        if (u->n_wait > 0) {
            memcpy(grown, u->wait, (size_t)u->n_wait * sizeof *grown);
        }
        u->wait = grown;
        u->wait_capacity = capacity;
    }
    u->wait[u->n_wait++] = from;
}

/* Does unit `from`, or anything it waits for, belong to `target`? What this search saw already does not. */
static bool waits_for(cpu_fusion *f, int32_t from, int32_t target)
{
    int64_t waiting = 0;
    if (from < 0 || from == target) {
        return from >= 0;
    }
    if (f->stamp[from] == f->search) {
        return false;
    }
    f->stamp[from] = f->search;
    f->stack[waiting++] = from;
    while (waiting > 0) {
        const cpu_unit *u = &f->units[f->stack[--waiting]];
        for (int i = 0; i < u->n_wait; i++) {
            const int32_t next = resolve(f, u->wait[i]);
            if (next == target) {
                return true;
            }
            if (f->stamp[next] != f->search) {
                f->stamp[next] = f->search;
                f->stack[waiting++] = next;
            }
        }
    }
    return false;
}

/* Would unit `one`, with the members of `other`, wait for itself? Entry-by-entry reads of the other's values are no harm. */
static bool waits_indirectly(cpu_fusion *f, int32_t one, int32_t other)
{
    const cpu_unit *u = &f->units[one];
    f->search++;
    for (int m = 0; m < u->n; m++) {
        const ir_node *node = &f->ir->nodes[u->nodes[m]];
        for (int i = 0; i < node->n_in; i++) {
            const cpu_view view = gndp_cpu_view(f, node->in[i]);
            ir_ref source[GNDP_MAX_INPUTS];
            const int n = gndp_cpu_sources(f, node->in[i], source);
            for (int k = 0; k < n; k++) {
                const int32_t next = f->unit_of[source[k].node];
                if (next == other) {
                    if (node->op->matmul || f->joined[view.base.node] || !gndp_reads_flat(f, u->nodes[m], i) ||
                        f->ir->nodes[view.base.node].op->reduction != 0) {
                        return true;
                    }
                } else if (next != one && waits_for(f, next, other)) {
                    return true;
                }
            }
        }
    }
    return false;
}

/* Would node n, as a member of u, wait for something that waits for u? Direct flat reads of u's entries are the point of fusion. */
static bool blocked(cpu_fusion *f, int32_t n, int32_t u)
{
    const ir_node *node = &f->ir->nodes[n];
    f->search++;
    for (int i = 0; i < node->n_in; i++) {
        const cpu_view view = gndp_cpu_view(f, node->in[i]);
        const int32_t from = f->unit_of[view.base.node];
        if (f->joined[view.base.node]) {
            ir_ref source[GNDP_MAX_INPUTS];
            const int n_sources = gndp_cpu_sources(f, node->in[i], source);
            for (int k = 0; k < n_sources; k++) {
                if (waits_for(f, f->unit_of[source[k].node], u)) {
                    return true;
                }
            }
            continue;
        }
        if (from == u) {
            if (node->op->matmul || !gndp_reads_flat(f, n, i) || f->ir->nodes[view.base.node].op->reduction != 0 ||
                gndp_type_count(ir_type(f->ir, node->in[i])) != f->units[u].count) {
                return true;
            }
            continue;
        }
        if (waits_for(f, from, u)) {
            return true;
        }
    }
    return false;
}

/* ----------------------------------------------------------------------------------------- members */

bool gndp_product_fuses(const cpu_fusion *f, int32_t id)
{
    const ir_node *node = &f->ir->nodes[id];
    const gndp_type a = ir_type(f->ir, node->in[0]), b = ir_type(f->ir, node->in[1]);
    const matmul_dims d = matmul_layout(&node->attr, a, b);
    const cpu_view view = gndp_cpu_view(f, node->in[0]);
    const gndp_device *device = f->plan->device;
    if (f->plan->stats.bf16 && node->attr.i[GNDP_MATMUL_REDUCED] != 0 && device_bf16_tiles(device)) {
        return false; /* tiles reach several times the rate of vectors, and only the library reaches them */
    }
    if (node->attr.i[GNDP_MATMUL_TRANS_A] != 0 || d.n > FUSE_ROW_LIMIT / 8 || d.n < 8 || d.k < 1 || d.m * d.batch < 64) {
        return false;
    }
    for (int i = 0; i < b.rank - 2; i++) {
        if (b.dim[i] != 1) {
            return false;
        }
    }
    if (gndp_type_count(a) != d.m * d.batch * d.k) {
        return false;
    }
    int64_t step = view.strides.stride[a.rank - 2] * a.dim[a.rank - 2];
    for (int i = a.rank - 3; i >= 0; i--) {
        if (a.dim[i] != 1 && view.strides.stride[i] != step) {
            return false;
        }
        step *= a.dim[i];
    }
    return true;
}

bool gndp_product_left_is_dense(const cpu_fusion *f, int32_t id)
{
    const ir_node *node = &f->ir->nodes[id];
    const cpu_view view = gndp_cpu_view(f, node->in[0]);
    return gndp_view_is_flat(f, node->in[0], &view) && gndp_view_is_dense(ir_type(f->ir, node->in[0]), &view.strides);
}

typedef struct demand {
    int64_t row, group; /* row: 0 free, -1 impossible; group: elements one sum joins, 0: no sum */
} demand;

/* What a member asks of the rows of its unit, given the row that is fixed already (0: none). */
static demand demand_of(const cpu_fusion *f, int32_t id, int64_t row)
{
    const ir_node *node = &f->ir->nodes[id];
    if (node->op->matmul) {
        return (demand){.row = node->out[0].dim[node->out[0].rank - 1]};
    }
    for (int i = 0; i < node->n_in; i++) {
        const cpu_view view = gndp_cpu_view(f, node->in[i]);
        if (f->joined[view.base.node]) { /* rows are joined of their pieces */
            const gndp_type type = ir_type(f->ir, view.base);
            const int64_t length = type.dim[type.rank - 1];
            if (row > 0 && row != length) {
                return (demand){.row = -1};
            }
            row = length;
        }
    }
    if (node->op->reduction == 0) {
        return (demand){.row = row};
    }
    const int64_t outer = node->attr.i[0], n = node->attr.i[1], inner = node->attr.i[2];
    if (inner > 1) {
        return (demand){.row = inner, .group = n * inner};
    }
    if (outer == 1) {
        return (demand){.row = 0, .group = n};
    }
    if (row > 0) {
        return (demand){.row = n % row == 0 ? row : -1, .group = n};
    }
    int64_t best = n; /* rows of whole inner axes, not too long */
    const gndp_type space = ir_type(f->ir, node->in[0]);
    int64_t product = 1;
    for (int i = space.rank - 1; i >= 0 && n > FUSE_ROW_LIMIT; i--) {
        product *= space.dim[i];
        best = product <= FUSE_ROW_LIMIT && product > 64 && n % product == 0 ? product : best;
    }
    return (demand){.row = best, .group = n};
}

/* Sums over different numbers of rows can share a walk when one number divides the other. */
static bool groups_nest(const cpu_unit *u, int64_t group)
{
    for (int i = 0; i < u->n_groups; i++) {
        if (u->group[i] % group != 0 && group % u->group[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Add a value that a member reads to the list of loads, unless unit `one` or `other` makes it; false when the list is full. */
static bool add_load(const cpu_fusion *f, cpu_unit *u, ir_ref ref, int32_t one, int32_t other)
{
    const int32_t from = f->unit_of[gndp_cpu_view(f, ref).base.node];
    if (from >= 0 && (from == one || from == other)) {
        return true;
    }
    for (int i = 0; i < u->n_loads; i++) {
        if (u->load[i].node == ref.node && u->load[i].out == ref.out) {
            return true;
        }
    }
    if (u->n_loads == FUSE_MAX_LOADS) {
        return false;
    }
    u->load[u->n_loads++] = ref;
    return true;
}

static int phase_of(const ir_node *node)
{
    return node->rebuilt ? 2 : node->backward ? 1 : 0;
}

/* Can the node be a member of u as u stands? Fills the refined axes and the row. */
static bool suits(const cpu_fusion *f, int32_t id, const cpu_unit *u, int *rank, int64_t *dim, demand *want)
{
    const gndp_type space = gndp_member_space(f, id);
    const ir_node *node = &f->ir->nodes[id];
    if (u->kind != UNIT_TILES || u->dead || u->n + 1 > FUSE_MAX_NODES || gndp_type_count(space) != u->count || u->count == 0) {
        return false;
    }
    if (u->phase != phase_of(node)) {
        return false;
    }
    int loads = u->n_loads;
    for (int i = 0; i < node->n_in && !node->op->matmul; i++) { /* doubles are counted twice: near enough */
        loads += f->unit_of[gndp_cpu_view(f, node->in[i]).base.node] != (int32_t)(u - f->units);
    }
    if (loads > FUSE_MAX_LOADS) {
        return false;
    }
    *rank = u->rank;
    memcpy(dim, u->dim, sizeof u->dim);
    if (!refine(rank, dim, space) || !refine_pieces(f, id, rank, dim)) {
        return false;
    }
    *want = demand_of(f, id, u->row);
    if (want->row < 0 || (want->row > 0 && u->row > 0 && want->row != u->row)) {
        return false;
    }
    for (int i = 0; i < u->n_groups && want->row > 0 && u->row == 0; i++) {
        if (u->group[i] % want->row != 0) {
            return false;
        }
    }
    return want->group == 0 || groups_nest(u, want->group);
}

static void add_member(cpu_fusion *f, int32_t id, int32_t at, int rank, const int64_t *dim, demand want)
{
    cpu_unit *u = &f->units[at];
    u->rank = rank;
    memcpy(u->dim, dim, sizeof u->dim);
    u->row = want.row > 0 ? want.row : u->row;
    if (want.group > 0) {
        u->group[u->n_groups++] = want.group;
    }
    for (int i = 0; i < f->ir->nodes[id].n_in && !f->ir->nodes[id].op->matmul && u->kind == UNIT_TILES; i++) {
        add_load(f, u, f->ir->nodes[id].in[i], at, -1); /* there is room: suits() looked */
    }
    u->products += f->ir->nodes[id].op->matmul;
    u->nodes[u->n++] = id;
    f->unit_of[id] = at;
    for (int i = 0; i < f->ir->nodes[id].n_in; i++) {
        ir_ref source[GNDP_MAX_INPUTS];
        const int n = gndp_cpu_sources(f, f->ir->nodes[id].in[i], source);
        for (int k = 0; k < n; k++) {
            const int32_t from = f->unit_of[source[k].node];
            if (from >= 0 && from != at) {
                add_wait(f, u, from);
            }
        }
    }
}

static gndp_status new_unit(cpu_fusion *f, int32_t id, unit_kind kind)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(f->n_units < f->capacity, GNDP_ERR_INTERNAL, "planner: more units than nodes");
    cpu_unit *u = &f->units[f->n_units];
    const gndp_type space = gndp_member_space(f, id);
    *u = (cpu_unit){.kind = kind, .phase = phase_of(&f->ir->nodes[id]), .count = gndp_type_count(space)};
    int64_t dim[GNDP_MAX_RANK] = {0};
    int rank = 0;
    GNDP_CHECK(u->count == 0 || (refine(&rank, dim, space) && refine_pieces(f, id, &rank, dim)), GNDP_ERR_INTERNAL, "planner: axes of " GNDP_TYPE_FMT, GNDP_TYPE_ARG(space));
    add_member(f, id, (int32_t)f->n_units++, rank, dim, kind == UNIT_TILES ? demand_of(f, id, 0) : (demand){0});
done:
    return st;
}

/* Move the members of `from` into `into` if both walks and their dependences allow it. */
static bool merge(cpu_fusion *f, int32_t into, int32_t from)
{
    cpu_unit *a = &f->units[into], *b = &f->units[from], joined = *a;
    gndp_type space = {.rank = b->rank};
    if (into == from || a->kind != UNIT_TILES || b->kind != UNIT_TILES || a->dead || b->dead || a->count != b->count || a->phase != b->phase ||
        a->n + b->n > FUSE_MAX_NODES || a->products + b->products > FUSE_MAX_PRODUCTS || (a->row > 0 && b->row > 0 && a->row != b->row)) {
        return false;
    }
    memcpy(space.dim, b->dim, sizeof b->dim);
    if (!refine(&joined.rank, joined.dim, space)) {
        return false;
    }
    joined.row = a->row > 0 ? a->row : b->row;
    for (int i = 0; i < b->n_groups; i++) {
        if (!groups_nest(&joined, b->group[i])) {
            return false;
        }
        joined.group[joined.n_groups++] = b->group[i];
    }
    for (int i = 0; i < joined.n_groups && joined.row > 0; i++) {
        if (joined.group[i] % joined.row != 0) {
            return false;
        }
    }
    joined.n_loads = 0;
    for (int i = 0; i < a->n_loads + b->n_loads; i++) {
        if (!add_load(f, &joined, i < a->n_loads ? a->load[i] : b->load[i - a->n_loads], into, from)) {
            return false;
        }
    }
    if (waits_indirectly(f, from, into) || waits_indirectly(f, into, from)) {
        return false;
    }
    joined.products += b->products;
    int i = 0, k = 0;
    for (joined.n = 0; i < a->n || k < b->n;) {
        joined.nodes[joined.n++] = k >= b->n || (i < a->n && a->nodes[i] < b->nodes[k]) ? a->nodes[i++] : b->nodes[k++];
    }
    for (int m = 0; m < b->n; m++) {
        f->unit_of[b->nodes[m]] = into;
    }
    for (int w = 0; w < b->n_wait; w++) {
        add_wait(f, &joined, b->wait[w]);
    }
    int kept = 0;
    for (int w = 0; w < joined.n_wait; w++) { /* not for itself */
        const int32_t on = resolve(f, joined.wait[w]);
        if (on != into && on != from) {
            joined.wait[kept++] = on;
        }
    }
    joined.n_wait = kept;
    *a = joined;
    b->dead = true;
    b->merged_into = into;
    return true;
}

/* Put a fusible node into the unit of one of its inputs, and join the units of the others to it. */
static gndp_status place(cpu_fusion *f, int32_t id)
{
    gndp_status st = GNDP_OK;
    const ir_node *node = &f->ir->nodes[id];
    int32_t home = -1;
    for (int i = 0; i < node->n_in && !node->op->matmul; i++) {
        int64_t dim[GNDP_MAX_RANK];
        int rank;
        demand want;
        const cpu_view view = gndp_cpu_view(f, node->in[i]);
        const int32_t at = f->unit_of[view.base.node];
        if (at < 0 || at == home || !gndp_reads_flat(f, id, i)) {
            continue;
        }
        if (home < 0) {
            if (suits(f, id, &f->units[at], &rank, dim, &want) && !blocked(f, id, at)) {
                add_member(f, id, at, rank, dim, want);
                home = at;
            }
        } else {
            merge(f, at < home ? at : home, at < home ? home : at);
            home = f->unit_of[id];
        }
    }
    if (home < 0) {
        GNDP_TRY(new_unit(f, id, UNIT_TILES));
    }
done:
    return st;
}

/* ------------------------------------------------------------------------------------- sums aside */

/* The gradient of a bias sums rows that the product with the weight reads as well: a unit that is only such a sum moves in
   with the product. */
static bool move_aside(cpu_fusion *f, int32_t at, int32_t to, int32_t product)
{
    cpu_unit *u = &f->units[at], *v = &f->units[to];
    const int32_t id = u->nodes[0];
    const ir_node *sum = &f->ir->nodes[id], *node = &f->ir->nodes[product];
    const gndp_type a = ir_type(f->ir, node->in[0]);
    const cpu_view mine = gndp_cpu_view(f, sum->in[0]), left = gndp_cpu_view(f, node->in[0]);
    if (v->dead || v->kind != UNIT_TILES || v->n + 1 > FUSE_MAX_NODES || v->phase != u->phase || mine.base.node != left.base.node ||
        mine.base.out != left.base.out || sum->attr.i[2] != a.dim[a.rank - 1] || !gndp_view_is_flat(f, sum->in[0], &mine) ||
        !gndp_product_left_is_dense(f, product)) {
        return false;
    }
    f->search++;
    if (waits_for(f, to, at)) {
        return false;
    }
    int m = v->n++;
    for (; m > 0 && v->nodes[m - 1] > id; m--) {
        v->nodes[m] = v->nodes[m - 1];
    }
    v->nodes[m] = id;
    f->unit_of[id] = to;
    f->aside[id] = true;
    u->dead = true;
    return true;
}

static void find_aside(cpu_fusion *f)
{
    for (int32_t at = 0; at < f->n_units; at++) {
        const cpu_unit *u = &f->units[at];
        const ir_node *sum = &f->ir->nodes[u->nodes[0]];
        if (u->dead || u->kind != UNIT_TILES || u->n != 1 || sum->op->reduction == 0 || sum->attr.i[0] != 1 || sum->attr.i[2] < 2 ||
            f->joined[gndp_cpu_view(f, sum->in[0]).base.node]) {
            continue;
        }
        bool moved = false;
        for (int32_t to = 0; to < f->n_units && !moved; to++) {
            for (int m = 0; m < f->units[to].n && f->units[to].products > 0 && !moved; m++) {
                const int32_t product = f->units[to].nodes[m];
                moved = f->ir->nodes[product].op->matmul && f->units[to].n > 1 && move_aside(f, at, to, product);
            }
        }
    }
}

gndp_status gndp_cpu_fuse(gndp_plan *plan, cpu_fusion *f)
{
    gndp_status st = GNDP_OK;
    const size_t n = (size_t)plan->ir.n + 1;
    f->plan = plan;
    f->ir = &plan->ir;
    f->capacity = plan->ir.n;
    f->n_units = 0;
    f->search = 0;
    f->out_of_memory = false;
    f->views = gndp_arena_alloc(plan->arena, n * sizeof *f->views);
    f->joined = gndp_arena_alloc(plan->arena, n);
    f->aside = gndp_arena_alloc(plan->arena, n);
    f->unit_of = gndp_arena_alloc(plan->arena, n * sizeof *f->unit_of);
    f->stamp = gndp_arena_alloc(plan->arena, n * sizeof *f->stamp);
    f->stack = gndp_arena_alloc(plan->arena, n * sizeof *f->stack);
    f->units = gndp_arena_alloc(plan->arena, n * sizeof *f->units);
    GNDP_CHECK(f->views != NULL && f->copied != NULL && f->joined != NULL && f->aside != NULL && f->unit_of != NULL && f->stamp != NULL && f->stack != NULL && f->units != NULL, GNDP_ERR_NOMEM,
               "planner: %lld nodes", (long long)plan->ir.n);
    find_views(f);
    find_joined(f);
    for (int32_t id = 0; id < plan->ir.n; id++) {
        const ir_node *node = &f->ir->nodes[id];
        f->unit_of[id] = -1;
        if (node->op->leaf || node->op->effect || (node->op->view != NULL && !f->copied[id]) || f->joined[id]) {
            continue;
        }
        const bool fuses = gndp_is_elementwise(node->op) || node->op->view != NULL || node->op->reduction != 0 ||
                           (node->op->matmul && gndp_product_fuses(f, id));
        if (fuses && gndp_type_count(gndp_member_space(f, id)) > 0) {
            GNDP_TRY(place(f, id));
        } else {
            GNDP_TRY(new_unit(f, id, node->op->matmul ? UNIT_MATMUL : UNIT_OP));
        }
    }
    find_aside(f);
    GNDP_CHECK(!f->out_of_memory, GNDP_ERR_NOMEM, "planner: %lld nodes", (long long)plan->ir.n);
done:
    return st;
}
