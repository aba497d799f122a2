// SPDX-License-Identifier: Apache-2.0
// Any text as tracks of any format; storms that are kept have places on the sphere at times that
// rise.
#include "fuzz/fuzz.h"

#include <math.h>
#include <stdlib.h>

#include "io/tracks.h"

static void check_set(const gndp_fieldset *set)
{
    for (int64_t f = 0; f < gndp_fieldset_get_spec(set)->n_fields; f++) {
        const int64_t n = gndp_fieldset_points(set, f);
        const int P = gndp_fieldset_components(set);
        double *days = malloc((size_t)n * sizeof *days), *y = malloc((size_t)(n * P) * sizeof *y);
        uint8_t *present = malloc((size_t)(n * P));
        FUZZ_CHECK(days != NULL && y != NULL && present != NULL && n > 0);
        FUZZ_CHECK(gndp_fieldset_coords(set, f, days) == GNDP_OK);
        FUZZ_CHECK(gndp_fieldset_read(set, 1, &f, n, NULL, y, present) == GNDP_OK);
        FUZZ_CHECK(days[0] == 0.0);
        for (int64_t i = 0; i < n; i++) {
            const double *v = y + i * P;
            FUZZ_CHECK(fabs(v[0] * v[0] + v[1] * v[1] + v[2] * v[2] - 1.0) < 1e-12);
            FUZZ_CHECK(i == 0 || days[i] > days[i - 1]);
        }
        free(days);
        free(y);
        free(present);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const gndp_track_options options[4] = {
        {.min_points = 1, .wind = true, .pressure = true},
        {.main_only = true, .step_h = 3.0, .length = 2, .min_points = 2},
        {.step_h = 6.0, .clock = true, .basin = "NA", .season_low = 1900},
        {.time = "2000/2020", .season_high = 2019, .min_points = 2}};
    if (size == 0)
        return 0;
    const gndp_track_options *o = &options[data[0] % 4];
    char *text = fuzz_text(data + 1, size - 1);
    gndp_track_table table = {0};
    gndp_fieldset *set = NULL;
    if (gndp_tracks_read_text("fuzz", text, size - 1, &table) == GNDP_OK &&
        gndp_track_table_finish(&table, o->wind, o->pressure) == GNDP_OK &&
        gndp_track_table_select(&table, o, &set) == GNDP_OK)
        check_set(set);
    gndp_fieldset_free(set);
    gndp_track_table_free(&table);
    free(text);
    return 0;
}
