// SPDX-License-Identifier: Apache-2.0
// Inside a file of fields that is being written: its form, its variables, what of it is there.
#ifndef GNDP_IO_WRITER_H
#define GNDP_IO_WRITER_H

#include <gndp/write.h>

#include "io/beside.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The form of a field file --------------------------------------------------------------- */

/* One variable of values: a scalar, a component of a vector, latitude or longitude of a point of
 * S². */
typedef struct gndp_out_part {
    char name[64];
    int channel, part;
    int component; /* first of its channel in an array of values */
    int var;       /* in NetCDF */
} gndp_out_part;

typedef struct gndp_out_dim {
    char name[64];
    int64_t size;
    int id; /* in NetCDF */
} gndp_out_dim;

enum {
    GNDP_OUT_MAX_DIMS = 4,       /* CDO drops variables with more */
    GNDP_OUT_MEMBER_BLOCK = 4096 /* checksums of members in one attribute: HDF5 takes 64 KiB */
};

/* What sets two files apart whose members cannot go into one: a checksum each. */
typedef enum gndp_out_layer {
    GNDP_OUT_POINTS,
    GNDP_OUT_VARIABLES,
    GNDP_OUT_TIMES,
    GNDP_OUT_MEMBERS,
    GNDP_OUT_PRECISION,
    GNDP_OUT_LAYERS
} gndp_out_layer;

typedef struct gndp_out_form {
    const gndp_field_file *file;     /* borrowed while the file is created, then NULL */
    const char *time_units;          /* the same */
    double time_factor, time_offset; /* seconds = factor value + offset */
    gndp_space space;
    gndp_layout layout;
    int64_t n;      /* N */
    int components; /* P */
    int64_t n_times;
    int64_t n_slots; /* members, or 1 */
    bool members;    /* there is a dimension realization */
    bool f64;
    int keep_bits, deflate;
    int n_dims;
    gndp_out_dim dim[GNDP_OUT_MAX_DIMS]; /* time, [realization,] points */
    int first_space;                     /* of them, the first of the points */
    char coord[GNDP_MAX_AXES][64];       /* names of the variables of coordinates */
    int n_parts;
    gndp_out_part *part;
    gndp_channel *channel; /* copied */
    uint32_t layer[GNDP_OUT_LAYERS];
    int64_t text_bytes; /* of global attributes, at most */
} gndp_out_form;

/** Check the description of a file and settle its form. @param form {0}; free with
 * gndp_out_form_free(), also on failure */
gndp_status gndp_out_form_make(const char *path, const gndp_field_file *file,
                               const gndp_write_options *options, gndp_out_form *form);
void gndp_out_form_free(gndp_out_form *form);

/* ---- What the writers of files share (the lock is held) ------------------------------------- */

/* A call into netCDF for a file that is being written. */
#define GNDP_NC_WRITE(call, path, what)                                                            \
    do {                                                                                           \
        const int nc_code_ = (call);                                                               \
        if (nc_code_ != NC_NOERR) {                                                                \
            st = gndp_nc_write_fail(GNDP_HERE, nc_code_, (path), (what));                          \
            goto done;                                                                             \
        }                                                                                          \
    } while (0)
gndp_status gndp_nc_write_fail(const char *file, int line, const char *function, int code,
                               const char *path, const char *what);

/** Make a NetCDF-4 file, in place of one that is there; *nc is -1 on failure. */
gndp_status gndp_out_create(const char *path, int *nc);

/** Close a file that is given up, or was left in order; `failed`: it could not be written, NULL: it
 * could. */
void gndp_out_close(int nc, const gndp_beside *failed);

/** A text attribute; bytes that are no UTF-8, on which readers fail, become U+FFFD. An empty text
 * is not written. */
gndp_status gndp_out_text(int nc, int var, const char *path, const char *name, const char *text);

/** Whether a global attribute is what gndp_out_text() makes of the text. */
bool gndp_out_text_is(int nc, const char *name, const char *text);

/**
 * Conventions, the file's own attributes, identity, source and history, in this order; of two of
 * one name the first.
 *
 * @param feature "timeSeries", ..; NULL: none
 * @param history the history so far, or NULL: that among the attributes
 */
gndp_status gndp_out_global(int nc, const char *path, const char *feature, int n,
                            const gndp_attribute *attribute, const gndp_write_options *options,
                            const char *history);

/** A variable of doubles with standard name, long name and units; "" and NULL are left out. */
gndp_status gndp_out_coordinate(int nc, const char *path, const char *name, int rank,
                                const int *dims, const char *standard_name, const char *long_name,
                                const char *units, int *var);

/** Latitude and longitude of a unit vector, in degrees. */
void gndp_out_degrees(const double v[3], double *lat, double *lon);

/** Check options and say what is wrong with them. */
gndp_status gndp_write_options_check(const gndp_write_options *options);

/** Whether netCDF writes to a file of that name. */
gndp_status gndp_out_path_ok(const char *path);

/** Whether a name can be that of a variable of netCDF. */
bool gndp_out_name_ok(const char *name);

/* ---- The writer ----------------------------------------------------------------------------- */

struct gndp_field_writer {
    gndp_beside file;
    gndp_out_form form;
    const gndp_logger *log; /* borrowed */
    bool overwrite;
    bool failed;      /* something was lost: no commit */
    int nc;           /* -1: closed */
    char *history;    /* of the part that was taken up, or NULL */
    uint32_t *crc;    /* [slots, times] of the values that were put */
    uint8_t *put;     /* [slots, times] */
    uint32_t *member; /* [slots] checksum of a complete member, 0: not complete */
    double *row;      /* [N] one part of one field */
    void *packed;     /* [N] as it is stored */
    int64_t unsynced; /* bytes put since the part was synchronised */
};

/** Make the file's dimensions, variables, attributes and coordinates in writer->nc. */
gndp_status gndp_out_define(gndp_field_writer *writer, const gndp_write_options *options);

/** Attributes that a part has and a finished file has not: its layers, and the checksum of each
 * complete member. */
gndp_status gndp_out_part_begin(gndp_field_writer *writer);
gndp_status gndp_out_part_member(gndp_field_writer *writer, int64_t member);
gndp_status gndp_out_part_end(gndp_field_writer *writer);

/** One time of one member, stored as packed in the order of parts; p the number of the part. */
gndp_status gndp_out_store(gndp_field_writer *writer, int p, int64_t time, int64_t member,
                           const void *packed);
size_t gndp_out_bytes(const gndp_out_form *form);
/** Checksum of a member from those of its times; never 0. */
uint32_t gndp_out_member_crc(const gndp_field_writer *writer, int64_t member);

/**
 * Take up the part that an earlier run left: its complete members go into a new file that takes the
 * part's place, as a file whose writer was killed cannot be trusted to be written further.
 *
 * @return GNDP_OK, with writer->nc -1 where nothing could be used and the file is to be made
 * afresh; GNDP_ERR_STATE when the part belongs to something else, with what differs
 */
gndp_status gndp_out_resume(gndp_field_writer *writer, const gndp_write_options *options);

/** Remove what a run left that was killed while it took up a part. */
void gndp_out_remove_new(const gndp_field_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
