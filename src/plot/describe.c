// SPDX-License-Identifier: Apache-2.0
// What this build can draw with.
#include <gndp/coast.h>
#include <gndp/plot.h>
#include <stdio.h>

#include "plot/page.h"

#if GNDP_HAVE_PROJ
#include <proj.h>
#endif

#if GNDP_HAVE_CAIRO

const char *gndp_plot_describe(void)
{
    static _Thread_local char text[4400];
    char proj[64] = "no PROJ (libproj-dev), so no maps of the globe";
    gndp_coast *coast = NULL;
#if GNDP_HAVE_PROJ
    snprintf(proj, sizeof proj, "PROJ %d.%d.%d", PROJ_VERSION_MAJOR, PROJ_VERSION_MINOR,
             PROJ_VERSION_PATCH);
#endif
    const bool found = gndp_coast_read(GNDP_COAST_CRUDE, &coast) == GNDP_OK;
    snprintf(text, sizeof text, "cairo %s, %s, %s%s", cairo_version_string(), proj,
             found ? "coasts from " : "no coasts (gmt-gshhg-low)",
             found ? gndp_coast_path(coast) : "");
    gndp_coast_free(coast);
    return text;
}

#else

const char *gndp_plot_describe(void)
{
    return "this build has no cairo (libcairo2-dev), so it draws no pictures";
}

#endif
