// SPDX-License-Identifier: Apache-2.0
// What a NetCDF file holds: its dimensions and variables, and what each is for.
#ifndef GNDP_IO_NETCDF_CONTENTS_H
#define GNDP_IO_NETCDF_CONTENTS_H

#include <netcdf.h>

#include <gndp/io.h>

/* What a coordinate variable or dimension counts. */
typedef enum gndp_nc_role {
    GNDP_NC_NONE,
    GNDP_NC_LAT,
    GNDP_NC_LON,
    GNDP_NC_Y, /* of a plane */
    GNDP_NC_X,
    GNDP_NC_LEVEL,
    GNDP_NC_TIME,
    GNDP_NC_START, /* of a forecast */
    GNDP_NC_LEAD,
    GNDP_NC_MEMBER,
    GNDP_NC_EXPVER, /* ERA5: preliminary and final data side by side, each with gaps where the other
                       has values */
    GNDP_NC_ROLES
} gndp_nc_role;

/* Variables of more dimensions are no fields. */
#define GNDP_NC_RANK 8

typedef struct gndp_nc_dim {
    char name[NC_MAX_NAME + 1];
    int id;
    int64_t size;
    int var; /* index of the coordinate variable; -1: none */
    gndp_nc_role role;
} gndp_nc_dim;

typedef struct gndp_nc_var {
    char name[NC_MAX_NAME + 1]; /* cleaned */
    nc_type type;
    int rank;
    int dim[GNDP_NC_RANK]; /* indices of dimensions; those of a rank above are not kept */
    gndp_nc_role role;
    const char *helper; /* why it is no field by itself, "bounds"; NULL: it may be one */
    bool mask;          /* flags and land masks are fields only when asked for */
    char standard_name[96], units[64];
    char coordinates[512]; /* the attribute; names behind its end count as not named */
    bool listed;           /* another variable names it as its coordinate */
} gndp_nc_var;

typedef struct gndp_nc_contents {
    char *path;
    int nc; /* -1: closed */
    int format;
    int64_t bytes, mtime_s, mtime_ns; /* of the file, to know it again */
    int n_dims, n_vars;
    gndp_nc_dim *dim;
    gndp_nc_var *var; /* [n_vars] in order of netCDF's ids, which are the indices */
    int *by_name;     /* [n_vars] indices in order of names */
    char feature[32]; /* CF featureType in small letters */
    bool tracks;      /* one trajectory a row, as IBTrACS has them */
} gndp_nc_contents;

/** Open a file and look at all its dimensions and variables. Needs the lock. Free in any case. */
gndp_status gndp_nc_contents_read(const char *path, gndp_nc_contents *out);
/** Closes the file too. Needs the lock. */
void gndp_nc_contents_free(gndp_nc_contents *contents);
/** Forget dimensions and variables: of thousands of joined files they would fill the memory. */
void gndp_nc_contents_trim(gndp_nc_contents *contents);
/** Close the file for now, and open it again: it must be the same. Need the lock. */
void gndp_nc_contents_close(gndp_nc_contents *contents);
gndp_status gndp_nc_contents_reopen(gndp_nc_contents *contents);

/** Index of a variable by name, -1: none. */
int gndp_nc_find_var(const gndp_nc_contents *contents, const char *name);
/** The next name of a list parted by blanks; false at its end. */
bool gndp_nc_next_name(const char **list, char name[NC_MAX_NAME + 1]);
/** Whether so many values can be in a file of that size: else its header claims what it does not
 * hold. */
bool gndp_nc_plausible(const gndp_nc_contents *contents, int64_t count);
/** Names of the variables that could be fields, for messages; "none" where there are none. */
void gndp_nc_list_fields(const gndp_nc_contents *contents, char *out, size_t size);
/** "(time, latitude, longitude)" */
void gndp_nc_list_dims(const gndp_nc_contents *contents, const gndp_nc_var *var, char *out,
                       size_t size);

/** Give variables and dimensions their roles: netcdf_roles.c. Needs the lock. */
gndp_status gndp_nc_assign_roles(gndp_nc_contents *contents);

#endif
