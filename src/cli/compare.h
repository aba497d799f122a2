// SPDX-License-Identifier: Apache-2.0
// Sets of fields beside each other: moments, maps of moments, spectra, dependence in order.
#ifndef GNDP_CLI_COMPARE_H
#define GNDP_CLI_COMPARE_H

#include <jansson.h>

#include <gndp/gndp.h>

enum { COMPARE_SETS = 3, COMPARE_BANDS = 8 };

/* One set, one component. Weighted by area. */
typedef struct gndp_set_summary {
    const char *name;
    int64_t fields;
    double mean, sd;         /* over points and fields; sd about the mean of each point */
    double lag;              /* correlation of neighbours in order; NaN with one field */
    double *mean_map, *sd_map; /* [N] */
    double band[COMPARE_BANDS];  /* power of wavenumbers [2^b, 2^(b+1)) along rows; NaN: no grid */
    int bands;
} gndp_set_summary;

/* Each component: a summary of each set. Maps of set i against those of set 0. */
typedef struct gndp_comparison {
    int sets, components;
    int64_t points;
    double *weight;             /* [N] */
    gndp_set_summary *summary;  /* [sets, components] */
    char (*unit)[64], (*label)[64]; /* [components] */
} gndp_comparison;

int gndp_comparison_make(int sets, const gndp_fieldset *const *set, const char *const *name, gndp_comparison *out);
void gndp_comparison_free(gndp_comparison *comparison);
void gndp_comparison_print(const gndp_comparison *comparison);
json_t *gndp_comparison_json(const gndp_comparison *comparison);

#endif
