// SPDX-License-Identifier: Apache-2.0
// Which nodes run together on the CPU: views resolved to strides, and nodes gathered into units.
#ifndef GNDP_GRAPH_CPU_FUSE_H
#define GNDP_GRAPH_CPU_FUSE_H

#include "graph/plan/plan.h"

#define FUSE_MAX_NODES 64 /* of a fused unit */
#define FUSE_MAX_LOADS 40 /* of a fused unit; a tile program has room for some more */
#define FUSE_MAX_PRODUCTS 12
#define FUSE_ROW_LIMIT 16384

typedef enum unit_kind {
    UNIT_TILES,  /* elementwise nodes, matrix products of the same rows, and closing sums, tile by tile */
    UNIT_MATMUL, /* one matrix product on its own */
    UNIT_OP      /* one op by its own routine, on dense arrays */
} unit_kind;

typedef struct cpu_unit {
    unit_kind kind;
    bool dead;     /* merged into another */
    int phase; /* 0 values, 1 gradients, 2 values built again: kept apart. Together, values would store what only gradients read,
                  and sums of gradients would be cut another way when values are built again */
    int n;
    int32_t nodes[FUSE_MAX_NODES]; /* ascending */
    int rank; /* of the iteration space, refined until every member's axes are runs of it */
    int64_t dim[GNDP_MAX_RANK], count;
    int64_t row;   /* elements of a row that sums and products fix; 0: free */
    int64_t group[FUSE_MAX_NODES]; /* rows that each sum of the unit joins, in elements; n_groups of them */
    int n_groups;
    int products;
    int n_loads; /* values from outside that members read, each once */
    ir_ref load[FUSE_MAX_LOADS];
    int32_t merged_into; /* of a dead one */
    int32_t *wait;       /* units that made what members read; dead ones stand for those they merged into */
    int n_wait, wait_capacity;
} cpu_unit;

/** A value as strides over another one's dense array. */
typedef struct cpu_view {
    ir_ref base;
    gndp_strides strides;
} cpu_view;

typedef struct cpu_fusion {
    gndp_plan *plan;
    const gndp_ir *ir;
    cpu_view *views;   /* [nodes]: of output 0 */
    bool *copied;      /* [nodes]: a view node that gets its own array */
    bool *joined;      /* [nodes]: a concat or pad that only fused nodes read: they load its pieces */
    bool *aside;       /* [nodes]: a sum over the rows of a product's left operand, taken as the product reads them */
    int32_t *unit_of;  /* [nodes]: -1 for leaves, plain views, effects */
    cpu_unit *units;
    int64_t n_units, capacity;
    int32_t *stamp;    /* [units] for searches */
    int32_t *stack;    /* [units] */
    int32_t search;
    bool out_of_memory;
} cpu_fusion;

/** Gather plan->ir into units. All memory is of the plan's arena. */
gndp_status gndp_cpu_fuse(gndp_plan *plan, cpu_fusion *fusion);

/** Strides of a value over its base. */
cpu_view gndp_cpu_view(const cpu_fusion *f, ir_ref ref);

/**
 * The nodes whose arrays a reader of `ref` reads: the base of its view, or the bases of its pieces. Returns how many; at most
 * GNDP_MAX_INPUTS.
 */
int gndp_cpu_sources(const cpu_fusion *f, ir_ref ref, ir_ref *out);

/** Row-major strides of a type. */
gndp_strides gndp_dense(gndp_type type);

/** The view is its base's memory from offset on, in order: true also for a leading slice. */
bool gndp_view_is_dense(gndp_type type, const gndp_strides *s);

/** Entry i of the view is entry i of the base. */
bool gndp_view_is_flat(const cpu_fusion *f, ir_ref ref, const cpu_view *view);

/** Member `node` reads entry e of its space from entry e of the base of input i. */
bool gndp_reads_flat(const cpu_fusion *f, int32_t node, int i);

/** Iteration space of a member: what it computes entry by entry. */
gndp_type gndp_member_space(const cpu_fusion *f, int32_t node);

/** A product whose rows can be computed block by block: one right operand for all rows, left rows at one stride. */
bool gndp_product_fuses(const cpu_fusion *f, int32_t node);

/** The left operand is a dense array whose rows the product reads one after the other. */
bool gndp_product_left_is_dense(const cpu_fusion *f, int32_t node);

/** Split the axes of `type` (with strides, may be NULL) to the refined axes dim[0..rank); false if they do not fit. */
bool gndp_refine_strides(gndp_type type, const int64_t *stride, int rank, const int64_t *dim, int64_t *out);

#endif
