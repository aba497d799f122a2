// SPDX-License-Identifier: Apache-2.0
// The operation table: what an op family tells the graph, the differentiator, the planner and the executors.
#ifndef GNDP_GRAPH_OP_H
#define GNDP_GRAPH_OP_H

#include "base/error.h"

#include <gndp/graph.h>

#define GNDP_ATTR_INTS 24
#define GNDP_MAX_INPUTS 64 /* of one node: concat */
#define GNDP_MAX_OUTPUTS 4

/** Attributes of a node, all fixed when it is built; zero where an op has none. What varies from run to run is an input. */
typedef struct gndp_attr {
    int64_t i[GNDP_ATTR_INTS];
    double f[4];
    gndp_type type;   /* leaves, cast, reshape, broadcast: the result's type */
    const char *name; /* leaves: in the graph's arena */
    const void *data; /* constants: in the graph's arena */
} gndp_attr;

/** Argument of a VJP rule: nodes of the forward operation and the cotangents of its outputs (GNDP_NONE: zero). */
typedef struct gndp_pullback {
    const gndp_attr *attr;
    int n_in, n_out;
    const gndp_node *in, *out, *cot;
    const bool *wanted; /* [n_in] whether the cotangent of this input is of use; a rule may ignore it */
    gndp_node *in_cot;  /* [n_in] filled by the rule; starts as GNDP_NONE, which means zero */
} gndp_pullback;

/** One array of an execution: dense, row-major. */
typedef struct gndp_buffer {
    gndp_type type;
    void *data;
} gndp_buffer;

/** Argument of an execution routine. */
typedef struct gndp_exec {
    const struct gndp_op *op;
    const gndp_attr *attr;
    int n_in, n_out;
    const gndp_buffer *in;
    gndp_buffer *out;  /* never overlap an input; not cleared */
    void *scratch;     /* scratch_bytes of the op, 64-byte aligned, not cleared */
    int threads;       /* 1: stay in this thread */
    int simd;          /* gndp_simd level to use */
    bool cpu_bf16;     /* the processor has bf16 dot products */
    bool bf16;         /* the plan asks for reduced products */
} gndp_exec;

typedef gndp_status (*gndp_exec_fn)(const gndp_exec *ex);

/** Strided view of a dense base: element (i_0, ..) of the result is base[offset + sum_k i_k stride[k]]. */
typedef struct gndp_strides {
    int64_t offset;
    int64_t stride[GNDP_MAX_RANK];
} gndp_strides;

/** One operation. Optional fields say what NULL or 0 means. */
typedef struct gndp_op {
    const char *name;
    int n_in;  /* -1: one or more */
    int n_out; /* 0 means 1 */
    /** Fill out[] from in[]; fails with a message that starts with the op's name and gives shapes and values. */
    gndp_status (*shape)(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[]);
    /** Append the cotangents of the inputs. NULL: see lower, no_vjp. */
    void (*vjp)(gndp_graph *g, const gndp_pullback *p);
    /** Build the same outputs from primitive ops: a fused op without vjp, or asked for a cotangent its vjp does not serve, is differentiated
        through this. */
    void (*lower)(gndp_graph *g, const gndp_attr *attr, int n_in, const gndp_node in[], gndp_node out[]);
    /** Why there is no derivative: the text shown to the user. The cotangents are then GNDP_NONE when no_vjp_zero, else an error. */
    const char *no_vjp;
    bool no_vjp_zero; /* the derivative exists and is zero almost everywhere */
    /** Plain loops on one thread: the oracle. Indexed by the dtype of output 0 (of input 0 if by_input). NULL: type not supported. */
    gndp_exec_fn ref[3];
    /** Fast ones; NULL: the CPU device uses ref. */
    gndp_exec_fn cpu[3];
    bool by_input;
    /** Scratch that `cpu` needs, in bytes. NULL: none. */
    size_t (*scratch)(const gndp_exec *ex); /* ex->in[].data and scratch are NULL here */
    /** Elementwise: 1 + index of its real formula (GNDP_EW_*), 1 + index of its integer one (GNDP_TILE_I32_*), whether it converts
        types; parameters in attr.f; the planner fuses it. All 0: not elementwise. */
    int elementwise, elementwise_i32;
    bool cast;
    /** The result is a strided view of input 0: fill it given the type of input 0; false: not expressible. NULL: not a view. */
    bool (*view)(const gndp_attr *attr, gndp_type in, gndp_type out, const gndp_strides *in_view, gndp_strides *out_view);
    /** Reduction the planner can fuse: 's' sum; 0: none. Shape is [outer, reduced, inner] in attr.i[0..2]. */
    char reduction;
    bool matmul;     /* laid out as ops/matmul.h says: executors bring their own */
    bool leaf;       /* input, param, constant: no execution */
    bool effect;     /* assign */
    bool no_merge;   /* common subexpressions must not join two of these */
    double (*flops)(const gndp_attr *attr, int n_in, const gndp_type in[], const gndp_type out[]); /* NULL: one an output element */
    /**
     * Cases of the gradient test (tests/graph/test_ops.c), separated by '|'; each is inputs, then ';' and attributes.
     * Input: KIND[dims], KIND one of: nothing = standard normals; + = in (0.5, 2); u = in (-0.9, 0.9); d = distinct values at least
     * 0.1 apart and from 0 (kinks); spd = symmetric positive definite; tri = well-conditioned lower triangular; m = i32 mask;
     * iN = i32 in 0..N-1. Attributes: i0=2 f1=0.5 type=[3,5] dtype=f32. Example: "[5,3] d[3] | [1,3] d[3] ; i0=1".
     * Required for an op without derivative too: its executors are compared on it.
     */
    const char *grad_case;
} gndp_op;

/** Tables of the families, each ended by {0}; families.def lists them. */
#define GNDP_FAMILY(name) extern const gndp_op gndp_ops_##name[];
#include "graph/ops/families.def"
#undef GNDP_FAMILY

/** The op of that name; NULL if there is none. */
const gndp_op *gndp_op_find(const char *name);

/** Walk all ops: index 0, 1, ...; NULL past the last. */
const gndp_op *gndp_op_at(int64_t index);

/* ------------------------------------------------------------------ what families use to append nodes */

/** Append one node of `op`; checks that the inputs belong to g, runs the shape rule; on failure poisons g and returns GNDP_NONE. */
gndp_node gndp_node_append(gndp_graph *g, const gndp_op *op, const gndp_attr *attr, int n_in, const gndp_node *in);

/** Output `out` of the same node. */
gndp_node gndp_node_output(gndp_node node, int out);

/** True if a builder must return GNDP_NONE at once: g is NULL or poisoned, or one of the nodes is not usable (then g is poisoned). */
bool gndp_graph_stopped(gndp_graph *g, const char *op, int n, const gndp_node *nodes);

/** Poison g with the message of a builder's own check; prints like printf. Returns GNDP_NONE. */
gndp_node gndp_graph_fail(gndp_graph *g, gndp_status status, const char *op, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** Copy into the graph's arena; NULL (and g poisoned) when out of memory. */
void *gndp_graph_copy(gndp_graph *g, const void *data, size_t bytes);

/** Axis counted from the end when negative; false when out of range. */
bool gndp_axis_of(gndp_type type, int axis, int *out);

#endif
