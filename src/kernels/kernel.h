// SPDX-License-Identifier: Apache-2.0
// Kernel trees as stored, the table of one kind of kernel, and what the files of the kinds share.
#ifndef GNDP_KERNELS_KERNEL_H
#define GNDP_KERNELS_KERNEL_H

#include "base/error.h"

#include <gndp/kernels.h>

#include <math.h>

enum {
    KERNEL_MAX_HYPERS = 3,
    KERNEL_MAX_LIST = 256,    /* numbers of one parameter */
    KERNEL_MAX_CHILDREN = 64, /* terms of a sum, factors of a product */
    KERNEL_MAX_DEPTH = 10,    /* levels of a tree: paths fit in 64 bytes */
    KERNEL_MAX_OUTPUTS = 64
};

/* How many numbers a parameter holds. */
typedef enum kernel_form {
    KERNEL_ONE,
    KERNEL_ONE_OR_LIST, /* a list of one is the number alone */
    KERNEL_LIST         /* always in brackets, even one or none */
} kernel_form;

/* One parameter of a kind: a number, or a list of them. */
typedef struct gndp_hyper {
    const char *name; /* NULL ends a table */
    kernel_form form;
    bool required; /* no default; an empty list is the default of a list */
    double initial;
    double low, high; /* bounds; low itself is allowed unless open */
    bool open;        /* value > low, not >= */
    bool positive;    /* fitted as its logarithm */
    bool structural;  /* not fitted */
    bool integer;
} gndp_hyper;

#define UNBOUNDED ((double)INFINITY)
#define KERNEL_VARIANCE                                                                            \
    {                                                                                              \
        .name = "variance", .initial = 1.0, .high = UNBOUNDED, .positive = true                    \
    }
#define KERNEL_POSITIVE(hyper, start)                                                              \
    {                                                                                              \
        .name = hyper, .initial = (start), .high = UNBOUNDED, .open = true, .positive = true       \
    }

/* What follows from a tree without its points. */
typedef struct kernel_traits {
    gndp_domain domain;
    int outputs;   /* 0: as many as input dimensions */
    int input_dim; /* 0: any */
    int min_dim;   /* lowest dimension of the inputs that axes allow */
    bool stationary, isotropic;
    bool white_only, has_white;
    bool flexible; /* white noise that takes the outputs of what it is added to */
    double tail;
    int degree;
} kernel_traits;

/* A request for nodes of one subtree. */
typedef struct kernel_call {
    gndp_graph *g;
    const gndp_kernel *k;
    const gndp_node *theta; /* parameters of k's subtree, in the order of the text */
    bool fixed;             /* theta are constants equal to the values that k holds */
    bool same;              /* z is x: white noise is added */
    gndp_node x, z;         /* [.., N, D], [.., M, D] */
    int64_t n, m, d;
    int outputs; /* P */
} kernel_call;

typedef struct gndp_kernel_ops gndp_kernel_ops;

/* Isotropic profile on R^n: k = f(q), q = |x - x'|^2 / lengthscale^2. */
typedef struct kernel_radial {
    gndp_node (*value)(const kernel_call *c, gndp_node q);
    /* f' and f'' in q; the second may be wrong by a finite amount at q = 0 where (x - x')(x - x')'
       f'' has the limit 0. NULL: the field would have no derivative; why says so. */
    void (*derivatives)(const kernel_call *c, gndp_node q, gndp_node *first, gndp_node *second);
    double slope; /* -f'(0) / f(0) */
    const char *why;
} kernel_radial;

/* Isotropic profile on S²: a function of the cosine x.x'. */
typedef struct kernel_zonal {
    gndp_node (*value)(const kernel_call *c, gndp_node cosine);
    /* First and second derivative in the cosine of the potential whose tangent kernels have
       K(x, x) = variance (I - x x'): phi'(1) = variance. */
    void (*potential)(const kernel_call *c, gndp_node cosine, gndp_node *first, gndp_node *second);
    /* Legendre coefficients a_l, l < terms, of the kernel (tangent false) or of that potential
       (true). */
    void (*series)(const gndp_kernel *k, bool tangent, int terms, double *a);
    /* Terms whose rest is below rounding, at most KERNEL_SERIES_MAX; tail: else the relative rest.
     */
    int (*terms)(const gndp_kernel *k, double *tail);
    bool closed; /* the Gram is a closed form and not the series */
} kernel_zonal;

/* One kind of kernel. */
struct gndp_kernel_ops {
    const char *name;
    const gndp_hyper *hyper; /* NULL: none */
    int children;            /* 0, 1, or -1: two or more */
    bool prefix;             /* the numbers stand before the children in the text */
    bool inner;              /* written by a sign, not by its name */
    /** Fill out from the children and the numbers; fails where parts do not fit. */
    gndp_status (*traits)(const gndp_kernel *k, kernel_traits *out);
    /** A node that broadcasts to [.., N P, M P]; GNDP_NONE: zero everywhere. */
    gndp_node (*gram)(const kernel_call *c);
    /** Diagonal of x with itself, a node that broadcasts to [.., N, P]; GNDP_NONE: zero. */
    gndp_node (*diagonal)(const kernel_call *c);
    /** The factor of coordinate `axis` with variance 1. NULL: the kernel does not separate. */
    gndp_status (*factor)(const gndp_kernel *k, int axis, gndp_kernel **out);
    const kernel_radial *radial; /* NULL: none */
    const kernel_zonal *zonal;   /* NULL: none */
};

struct gndp_kernel {
    const gndp_kernel_ops *ops;
    int n_children, child_capacity;
    gndp_kernel **child;
    double *value;                    /* all numbers, hyper by hyper */
    int first[KERNEL_MAX_HYPERS + 1]; /* of hyper h: first[h] .. first[h + 1] - 1 */
};

/* ------------------------------------------------------------------------------------ kinds */

extern const gndp_kernel_ops kernel_sum_ops, kernel_product_ops, kernel_scale_ops;
extern const gndp_kernel_ops kernel_on_ops, kernel_diag_ops, kernel_coregion_ops;
extern const gndp_kernel_ops kernel_rbf_ops, kernel_matern12_ops, kernel_matern32_ops,
    kernel_matern52_ops, kernel_rq_ops, kernel_periodic_ops, kernel_constant_ops, kernel_white_ops;
extern const gndp_kernel_ops kernel_curlfree_ops, kernel_divfree_ops;
extern const gndp_kernel_ops kernel_s2_heat_ops, kernel_s2_matern_ops, kernel_s2_rbf_ops;
extern const gndp_kernel_ops kernel_s2_curlfree_ops, kernel_s2_divfree_ops, kernel_s2_hodge_ops;

/** The kinds with a name, in order; NULL past the last. */
const gndp_kernel_ops *kernel_kind_at(int i);

/** Of the names that `at` gives (NULL ends) the nearest to a mistyped word of `length` bytes; NULL
 * if none is near. */
const char *kernel_nearest(const char *word, size_t length, const char *(*at)(const void *, int),
                           const void *state);

/* ------------------------------------------------------------------------------------ trees */

/** A node with the default numbers and no children. */
gndp_status kernel_create(const gndp_kernel_ops *ops, gndp_kernel **out);
/** Add a child; it is taken, on failure freed. */
gndp_status kernel_adopt(gndp_kernel *parent, gndp_kernel *child);
/** Replace the numbers of hyper h. */
gndp_status kernel_set_list(gndp_kernel *k, int h, int n, const double *value);
/** Number 0 of the hyper of that name, and its address. */
double kernel_get(const gndp_kernel *k, const char *hyper);
int kernel_hyper_index(const gndp_kernel *k, const char *hyper);
/** k wrapped: ops of one child; k is taken, on failure freed. */
gndp_status kernel_wrap(const gndp_kernel_ops *ops, gndp_kernel *k, gndp_kernel **out);

static inline int kernel_count(const gndp_kernel *k, int h)
{
    return k->first[h + 1] - k->first[h];
}

static inline const double *kernel_list(const gndp_kernel *k, int h)
{
    return k->value + k->first[h];
}

int kernel_hypers(const gndp_kernel_ops *ops);

/** Number of this node, and of its subtree. */
int kernel_own_params(const gndp_kernel *k);
int kernel_subtree_params(const gndp_kernel *k);

/** Does `value` lie in the range of the parameter? The message names it. */
gndp_status kernel_check_value(const gndp_kernel_ops *ops, const gndp_hyper *hyper, double value);

gndp_status kernel_find_traits(const gndp_kernel *k, kernel_traits *out);

/** Do inputs of dimension d fit? */
gndp_status kernel_check_dim(const gndp_kernel *k, const kernel_traits *traits, int64_t d);

/* -------------------------------------------------------------------- numbers as text (print.c) */

enum { KERNEL_NUMBER_BYTES = 32 };

/** The shortest text that reads back as `value`, with a point whatever the locale. */
void kernel_number_print(double value, char text[KERNEL_NUMBER_BYTES]);

/** Read a number: what follows it, or NULL if there is none at `text`. Reads nan and inf too. */
const char *kernel_number_read(const char *text, double *value);

/* ------------------------------------------------------------------------------ nodes (nodes.c) */

/** Own parameter h of the call's kernel, entry i: f64 scalar. */
gndp_node kernel_theta(const kernel_call *c, int h, int i);
/** All entries of hyper h: a scalar if the kernel has one number there, else [count]. */
gndp_node kernel_theta_all(const kernel_call *c, int h);
/** The call for child i, with the same points and outputs. */
kernel_call kernel_child_call(const kernel_call *c, int i);

gndp_node kernel_number(gndp_graph *g, double value);

/** Gram and diagonal of a call's kernel. */
gndp_node kernel_call_gram(const kernel_call *c);
gndp_node kernel_call_diagonal(const kernel_call *c);

/** A node that broadcasts to [.., N p, M p] repeated to exactly [.., N, p, M, p]. */
gndp_node kernel_blocks(const kernel_call *c, gndp_node gram, int p);
/** [.., N, p, M, p] -> [.., N p, M p] */
gndp_node kernel_flatten(const kernel_call *c, gndp_node blocks);
/** x of rank r [.., a, b] -> [.., dims] in place of the last two axes */
gndp_node kernel_reshape_last(gndp_graph *g, gndp_node x, int drop, int n, const int64_t *dim);

/** f64 identity [p, 1, p]. */
gndp_node kernel_eye(gndp_graph *g, int p);

#endif
