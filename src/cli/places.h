// SPDX-License-Identifier: Apache-2.0
// Where values are asked for: lines, planes, grids, random places and files of
// points, from their options.
#ifndef GNDP_CLI_PLACES_H
#define GNDP_CLI_PLACES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <gndp/gndp.h>

/* The options that name points; one of them is set. */
typedef struct gndp_place_options {
    const char *line, *plane, *grid, *scatter, *points, *like;
    bool poles;
} gndp_place_options;

typedef struct gndp_places {
    gndp_points points; /* as the library takes them; borrows what is below */
    gndp_array x;       /* [N, D] as a kernel takes them: unit vectors on the sphere */
    gndp_array shown;   /* [N, C] as users read them: x1, x2, .. or latitude,
                           longitude in degrees */
    bool sphere;
    int64_t n;
    char text[160]; /* "65 points, x1 from -2 to 2" */
    double *axis[2];
    gndp_coords coords; /* the same for files; borrows what is above, or the set's */
    gndp_fieldset *set; /* of --like, owned */
} gndp_places;

/**
 * Make the points that the options name.
 * @param seed  of random places
 * @param out   free with gndp_places_free(), also after a failure
 * @return exit code, the line on stderr written; wrong usage when none or
 * several are named
 */
int gndp_places_make(const gndp_place_options *options, uint64_t seed, gndp_places *out);
void gndp_places_free(gndp_places *places);

/** Whether any of the options is set. */
bool gndp_places_named(const gndp_place_options *options);

/**
 * The points of a set of fields, which must be shared; borrows them. A grid round the whole globe
 * keeps its structure, others are lists.
 */
int gndp_places_of_set(const gndp_fieldset *set, gndp_places *out);

/** Number of columns that users read: 2 on the sphere. */
int gndp_places_columns(const gndp_places *places);

/** Name of such a column, "x1" or "lat"; name of 16 bytes at least. */
void gndp_places_column(bool sphere, int column, char name[16]);

/** The coordinates of point i as CSV cells, each followed by a comma if `comma`, else separated. */
void gndp_places_write(FILE *file, const gndp_places *places, int64_t i);
void gndp_places_write_header(FILE *file, const gndp_places *places);

/** From "lat, lon" in degrees [n, 2] to unit vectors [n, 3]; a latitude outside
 * -90..90 is refused with its line (NULL: rows counted). */
int gndp_places_to_sphere(const char *file, const int64_t *line, int64_t n, const double *degrees,
                          double *x);
/** That check alone. */
int gndp_places_check_degrees(const char *file, const int64_t *line, int64_t n,
                              const double *degrees);

#endif
