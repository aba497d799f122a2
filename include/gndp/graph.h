// SPDX-License-Identifier: Apache-2.0
// Array graphs: nodes, differentiation, named parameters, devices, and plans that run them.
#ifndef GNDP_GRAPH_H
#define GNDP_GRAPH_H

#include <gndp/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A graph is a list of nodes; a node is an operation on the outputs of earlier nodes, with a static shape and type.
 * Builders (ops.h) append nodes and return them by value. Nothing is computed until a plan runs.
 *
 * Errors are sticky: the first wrong call poisons its graph, recording status, operation, shapes and the caller's
 * file and line; every later builder returns GNDP_NONE at once, and gndp_plan_create reports the first error. So a
 * formula can be written as a formula, and checked once.
 */
typedef struct gndp_graph gndp_graph;
typedef struct gndp_store gndp_store;
typedef struct gndp_device gndp_device;
typedef struct gndp_plan gndp_plan;

/** One output of one node: a small value, never freed. It dies with its graph. */
typedef struct gndp_node {
    const gndp_graph *graph; /* NULL: no node */
    int32_t id;              /* position in the graph */
    int32_t out;             /* which output of the operation */
} gndp_node;

/** "No node": an absent optional argument, or the gradient of something the loss does not depend on. */
#define GNDP_NONE ((gndp_node){0})

/** True for GNDP_NONE. */
static inline bool gndp_is_none(gndp_node node)
{
    return node.graph == NULL;
}

/* ------------------------------------------------------------------------------------------------ graphs */

/**
 * Make an empty graph.
 * @param out  owned by the caller, freed by gndp_graph_free
 * @return GNDP_OK; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_graph_create(gndp_graph **out);

/** Free a graph and all its nodes; plans made from it stay valid. Takes NULL. */
GNDP_API void gndp_graph_free(gndp_graph *g);

/**
 * Note the caller's place for the next node; the macros of ops.h call it. Returns g.
 * @param file borrowed, must outlive the graph (a string literal such as __FILE__)
 */
GNDP_API gndp_graph *gndp_at(gndp_graph *g, const char *file, int line);

/** Status of the first wrong call on this graph, GNDP_OK if there was none. */
GNDP_API gndp_status gndp_graph_status(const gndp_graph *g);

/** Text of the first wrong call ("" if none): operation, shapes, caller's file and line. Owned by the graph. */
GNDP_API const char *gndp_graph_error(const gndp_graph *g);

/** Number of nodes so far. */
GNDP_API int64_t gndp_graph_size(const gndp_graph *g);

/** Type and shape of a node; all zero for GNDP_NONE. */
GNDP_API gndp_type gndp_node_type(gndp_node node);

/**
 * Mark `node` as the end of a block (a layer, say): under a memory bound the plan keeps marked values and rebuilds
 * what lies between them when the gradient needs it, bit for bit. Without a bound it changes nothing. Returns node.
 */
GNDP_API gndp_node gndp_keep(gndp_graph *g, gndp_node node);

/* ------------------------------------------------------------------------------------- differentiation */

/**
 * Gradient of a scalar: out[i] = d loss / d x[i], as ordinary nodes, so that it can be differentiated again.
 *
 * @param loss  f32 or f64 scalar (rank 0, or one element)
 * @param x     [n] nodes, leaves or not; the total derivative is taken, with other entries of x held as functions
 * @param out   [n] same types as x; GNDP_NONE where the loss does not depend on x[i] or only through operations whose
 *              derivative is zero everywhere (comparisons, integer values)
 * Errors (sticky): GNDP_ERR_SHAPE if loss is not scalar; GNDP_ERR_TYPE if it or an x is not real; GNDP_ERR_GRAPH for a
 * node of another graph; GNDP_ERR_UNSUPPORTED names an operation on the path that has no derivative, and why.
 */
GNDP_API void (gndp_grad)(gndp_graph *g, gndp_node loss, const gndp_node *x, int64_t n, gndp_node *out);

/**
 * Vector-Jacobian product: out[i] = sum_j (d y[j] / d x[i])' cot[j].
 * @param y    [m] nodes;  cot [m] cotangents of the same types (GNDP_NONE: zero)
 * Otherwise as gndp_grad. A Jacobian-vector product is the VJP of a VJP.
 */
GNDP_API void (gndp_vjp)(gndp_graph *g, const gndp_node *y, const gndp_node *cot, int64_t m, const gndp_node *x,
                         int64_t n, gndp_node *out);

#ifndef GNDP_NO_CALLSITE /* see ops.h */
#define gndp_grad(g, ...) (gndp_grad)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_vjp(g, ...) (gndp_vjp)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#endif

/* ------------------------------------------------------------------------------------------ parameters */

/** What a parameter's entry of the store holds, each an array of the parameter's shape. */
typedef enum gndp_slot {
    GNDP_SLOT_VALUE, /* the parameter */
    GNDP_SLOT_GRAD,  /* its last gradient, where a graph assigns it */
    GNDP_SLOT_M,     /* Adam: moving mean of the gradient */
    GNDP_SLOT_V,     /* Adam: moving mean of its square */
    GNDP_SLOT_EMA,   /* exponential moving average of the value */
    GNDP_SLOT_COUNT
} gndp_slot;

/** How a parameter starts. */
typedef enum gndp_init_kind {
    GNDP_INIT_ZEROS,
    GNDP_INIT_CONSTANT,         /* every entry is scale */
    GNDP_INIT_TRUNCATED_NORMAL, /* N(0, (scale/sqrt(fan_in))^2) cut at two standard deviations; fan_in is dim[rank-2], dim[0]
                                   of a vector, 1 of a scalar */
    GNDP_INIT_NORMAL,           /* N(0, scale^2) */
    GNDP_INIT_UNIFORM,          /* uniform on (-scale, scale) */
    GNDP_INIT_ORTHOGONAL        /* scale times rows (or columns) of a Haar orthogonal matrix; rank >= 2 */
} gndp_init_kind;

typedef struct gndp_init {
    gndp_init_kind kind;
    double scale; /* dimensionless; see the kinds */
} gndp_init;

/** Make an empty store of named parameters. It owns all its arrays. */
GNDP_API gndp_status gndp_store_create(gndp_store **out);
/** Free the store and its arrays (plans bound to it must not run again). Takes NULL. */
GNDP_API void gndp_store_free(gndp_store *store);

/**
 * Add a parameter. Values are set by gndp_store_initialise.
 * @param name  unique, copied; by habit a path such as "layer0/query/weight"
 * @param type  f32 or f64, any shape
 * @return GNDP_OK; GNDP_ERR_ARG for an empty or a second time used name; GNDP_ERR_TYPE for integers; GNDP_ERR_SHAPE for no
 *         elements, or an orthogonal start of rank below 2; GNDP_ERR_RANGE for a scale that is not finite; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_store_add(gndp_store *store, const char *name, gndp_type type, gndp_init init);

/**
 * (Re)start every parameter: values from its initialiser, EMA equal to the value, moments and gradients zero. The draws
 * follow from seed and the parameter's name alone, so that adding a parameter does not move the others.
 */
GNDP_API gndp_status gndp_store_initialise(gndp_store *store, uint64_t seed);

/** Number of parameters (names). */
GNDP_API int64_t gndp_store_count(const gndp_store *store);
/** Total number of scalars in the values. */
GNDP_API int64_t gndp_store_size(const gndp_store *store);
/** Name of parameter i in order of addition; NULL out of range. */
GNDP_API const char *gndp_store_name(const gndp_store *store, int64_t i);
/**
 * A view of one array of a parameter; the store keeps owning it. The slots other than the value exist from the first
 * call or the first graph node that names them.
 * @return GNDP_OK; GNDP_ERR_NOT_FOUND names the nearest existing name; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_store_array(gndp_store *store, const char *name, gndp_slot slot, gndp_array *out);

/* --------------------------------------------------------------------------------------------- devices */

/** How plans of a device run. Zero-initialised fields mean the default. */
typedef struct gndp_device_options {
    int threads;     /* 0: gndp_threads_get() */
    int simd_cap;    /* 0: the best the processor has; else 1 + a gndp_simd level (tests) */
    bool no_onednn;  /* never use oneDNN for matrix products */
} gndp_device_options;

/**
 * Open a device. Names: "cpu" (threads, vector instructions, BLAS) and "reference" (plain loops, one thread: the
 * oracle of the tests). It is counted by the plans on it: freeing it first is allowed.
 * @param options  NULL for the defaults
 * @return GNDP_OK; GNDP_ERR_NOT_FOUND for an unknown name; GNDP_ERR_RANGE for a bad option; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_device_open(const char *name, const gndp_device_options *options, gndp_device **out);
GNDP_API void gndp_device_free(gndp_device *device);
/**
 * The same device with another number of threads: for plans that run side by side, one a thread. "reference" keeps its one.
 * @param out  owned by the caller, as of gndp_device_open(); independent of `device`
 * @return GNDP_OK; GNDP_ERR_RANGE below 1 or above 4096 threads; GNDP_ERR_ARG for NULL; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_device_with_threads(const gndp_device *device, int threads, gndp_device **out);
/** Threads that its plans run on. */
GNDP_API int gndp_device_threads(const gndp_device *device);
/** One line: name, threads, vector level, libraries. Owned by the device. */
GNDP_API const char *gndp_device_describe(const gndp_device *device);

/* ----------------------------------------------------------------------------------------------- plans */

typedef struct gndp_plan_options {
    gndp_store *store;     /* borrowed; parameters of the graph are bound to it by name; NULL: the store they were built from */
    bool effects;          /* run every gndp_assign of the graph, after the last read */
    bool bf16;             /* matrix products marked reduced round their operands to bf16, sums stay f32; where the processor
                              lacks it the plan runs f32, and gndp_plan_describe says so */
    bool ema;              /* read parameter values from their moving average */
    bool frozen;           /* the caller promises that parameters do not change while the plan lives: what depends on them alone is
                              computed and packed once, when the plan is made. After a change results are of no parameters at all:
                              make the plan anew. Not with effects */
    bool profile;          /* time every step; gndp_plan_describe then shows the shortest time of each over the runs so far */
    bool no_optimise;      /* skip every pass that is not needed for running (tests) */
    size_t max_workspace;  /* bytes; 0: no bound; else recompute between gndp_keep marks to stay below if that can help */
} gndp_plan_options;

/** An array for a named input of the graph; borrowed during the run. */
typedef struct gndp_feed {
    const char *name;
    gndp_array array;
} gndp_feed;

/**
 * Compile what `outputs` need into a plan for a device.
 * @param outputs  [n] nodes of g, in the order gndp_plan_run fills them; n may be 0 when options->effects
 * @param options  NULL for the defaults
 * @param plan     owned by the caller; holds its device, not the graph
 * @return the graph's first error if it is poisoned; GNDP_ERR_GRAPH for a node of another graph; GNDP_ERR_NOT_FOUND when
 *         the store lacks a parameter, GNDP_ERR_SHAPE when it has another shape there; GNDP_ERR_UNSUPPORTED names an
 *         operation missing on the device; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_plan_create(gndp_graph *g, const gndp_node *outputs, int64_t n, gndp_device *device,
                                      const gndp_plan_options *options, gndp_plan **plan);
/**
 * A plan with the program, constants and parameters of another and a workspace of its own, so that both can run at the same time in different threads.
 * @param plan  borrowed: freed after its twins
 * @param twin  owned by the caller; NULL on failure
 * @return GNDP_OK; GNDP_ERR_UNSUPPORTED of plans with effects, of the reference device, and where a library behind the plan keeps state (oneDNN): make
 *         the plan anew; GNDP_ERR_ARG for NULL; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_plan_twin(const gndp_plan *plan, gndp_plan **twin);
/** Free a plan and its workspace. Takes NULL. */
GNDP_API void gndp_plan_free(gndp_plan *plan);

/**
 * Run a plan; allocates nothing from the second run on. One thread at a time; other plans may run in other threads, from inside a
 * parallel region too if their devices have one thread.
 * @param feeds    [n_feeds] every input the plan reads, once, with exactly its type and shape; others are an error
 * @param outputs  [n_outputs] arrays of the outputs' types, caller's memory, written; must not overlap a feed
 * @return GNDP_OK; GNDP_ERR_ARG names a missing, doubled or unknown input, or a NULL or overlapping array; GNDP_ERR_TYPE, GNDP_ERR_SHAPE when an
 *         array differs from its node; GNDP_ERR_RANGE for an index out of range (operation, position, value);
 *         GNDP_ERR_NOT_PD from a Cholesky (batch and pivot); on an error parameters keep their old values
 */
GNDP_API gndp_status gndp_plan_run(gndp_plan *plan, const gndp_feed *feeds, int64_t n_feeds, gndp_array *outputs,
                                   int64_t n_outputs);

/** Whether the plan reads the input of that name: what no output needs is pruned, and feeding it is an error. */
GNDP_API bool gndp_plan_reads(const gndp_plan *plan, const char *name);

/** What a plan costs, estimated when it was made. */
typedef struct gndp_plan_stats {
    int64_t nodes;          /* nodes after the passes */
    int64_t steps;          /* things run one after the other: fused groups, matrix products, other operations */
    double flops;           /* floating-point operations a run, multiply and add counted as two, functions as one */
    double matmul_flops;    /* of these, in matrix products and attention */
    double bytes;           /* bytes read and written by the steps */
    size_t workspace_bytes; /* intermediates: one arena laid out by liveness */
    size_t scratch_bytes;   /* packing and per-thread buffers */
    size_t constant_bytes;
    int64_t recomputed;     /* nodes built twice to save memory */
    bool bf16;              /* bf16 products in use */
} gndp_plan_stats;

GNDP_API gndp_plan_stats gndp_plan_get_stats(const gndp_plan *plan);

/**
 * Write a listing: nodes, fusion groups, flops, bytes moved, peak memory, and why things are as they are.
 * @param text  [capacity] caller's memory, always ended by NUL; may be NULL when capacity is 0
 * @return the length the whole listing has, without the NUL (as snprintf)
 */
GNDP_API size_t gndp_plan_describe(const gndp_plan *plan, char *text, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
