// SPDX-License-Identifier: Apache-2.0
// What Gaussian processes are conditioned on: values at points, from tables and from files of
// fields.
#ifndef GNDP_CLI_GP_DATA_H
#define GNDP_CLI_GP_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include <gndp/gndp.h>

enum { GP_COLUMNS_MAX = 8, GP_OUTPUTS_MAX = 64 };

/* How the points that users read become those of a kernel. */
typedef enum gp_frame {
    GP_FRAME_ABSTRACT, /* x1, x2, .. as they are */
    GP_FRAME_PLANE,    /* latitude, longitude on a local plane, in km */
    GP_FRAME_SPHERE    /* latitude, longitude as unit vectors */
} gp_frame;

/* Values at points: one field, one member or one time. */
typedef struct gp_set {
    int64_t n;
    double *shown;    /* [n, C] as users read them */
    double *x;        /* [n, D] as the kernel takes them; gp_data_frame() */
    double *y;        /* [n, P] */
    double *noise;    /* [n P] variances of errors; NULL: none given */
    double *residual; /* [n, P] y less the mean of the process; gp_data_center() */
    int64_t *line;    /* [n] of the file, or NULL */
    int64_t *point;   /* [n] numbers of the points of a file of fields, or NULL */
    double time_s;    /* NaN: none */
    int64_t member;   /* -1: none */
    int64_t field;    /* of a file of fields; -1: none */
} gp_set;

/* Sets that are realizations of one process. */
typedef struct gp_data {
    const char *path; /* borrowed; in messages */
    bool degrees;     /* points are latitude, longitude */
    gp_frame frame;
    gndp_projection projection; /* PLANE */
    double distortion;          /* of its distances */
    int columns, dims, outputs; /* C, D, P */
    int n_sets;
    gp_set *set;
    bool members; /* the sets are members of a table */
    gndp_calendar calendar;
    int n_channels;
    gndp_channel *channel;       /* [n_channels], their components are the outputs */
    gndp_fieldset *source;       /* file of fields; NULL: a table */
    double mean[GP_OUTPUTS_MAX]; /* of the process */
    bool climatology;            /* .. or that of each point of the source */
    int64_t climate_fields;      /* fields behind it; 0: none */
    double *climate_mean,
        *climate_sd; /* [source points, P]; sd NaN where fewer than two fields have a value */
} gp_data;

void gp_data_free(gp_data *data);
void gp_set_free(gp_set *set);

/** Make room for n rows: shown, y, and on wish noise, line, point. */
int gp_set_make(gp_set *set, int64_t n, int columns, int outputs, bool noise, bool line,
                bool point);

/** One more, empty set; NULL: out of memory, and said so. */
gp_set *gp_data_append(gp_data *data);

/** Rows of a set, in that order. */
int gp_set_pick(const gp_data *data, const gp_set *from, const int64_t *row, int64_t m,
                gp_set *out);

/** Points of the kernel for all sets: x. Says so when a plane is made; refuses a kernel that does
 * not fit. */
int gp_data_frame(gp_data *data, const gndp_kernel *kernel, bool quiet);

/** Points [n, C] of users in the frame of the data: out [n, D]. */
int gp_frame_points(const gp_data *data, const char *what, int64_t n, const double *shown,
                    double *out);

/** Mean of the process at a point of the source (climatology), else of all; p is an output. */
double gp_data_mean_at(const gp_data *data, int64_t point, int p);

/** --mean: a number, "data" (mean of each output) or "climatology"; NULL: 0 for tables of x and y,
 * else "data". Fills `residual`. */
int gp_data_center(gp_data *data, const char *text);
/** `residual` of another set of the same process. */
int gp_set_center(const gp_data *data, gp_set *set);

/** Name of output p: that of its variable, or "y1". */
void gp_output_name(const gp_data *data, int p, char name[64]);

/** Set as the library takes it; borrows. */
gndp_gp_data gp_set_data(const gp_data *data, const gp_set *set);

/** "mean of the process 0", as text for reports. */
typedef struct gp_mean_text {
    char text[160];
} gp_mean_text;
gp_mean_text gp_data_mean_text(const gp_data *data);

/** A table of values: x1.., y1.. or lat, lon, y1.. (members too), or observations by name. free
 * with gp_data_free(), also after a failure. */
int gp_table_read(const char *path, const char *const *vars, int n_vars, const char *time,
                  bool quiet, gp_data *out);

/** Keep one set of a table of members. @param text  of --member; NULL: there must be only one */
int gp_data_choose(gp_data *data, const char *text);

#endif
