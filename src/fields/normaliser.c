// SPDX-License-Identifier: Apache-2.0
// Values to about zero mean and unit scale, and back.
#include <math.h>
#include <stdlib.h>

#include <gndp/prepare.h>

#include "base/error.h"
#include "fields/fieldset.h"
#include "fields/stream.h"

void gndp_normaliser_free(gndp_normaliser *normaliser)
{
    if (normaliser == NULL)
        return;
    free(normaliser->mean);
    free(normaliser->scale);
    free(normaliser->climatology);
    free(normaliser->spread);
    *normaliser = (gndp_normaliser){.components = 0};
}

gndp_status gndp_normaliser_identity(int components, gndp_normaliser *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = (gndp_normaliser){.components = 0};
    GNDP_CHECK(components >= 1, GNDP_ERR_RANGE, "%d components", components);
    out->mean = calloc((size_t)components, sizeof *out->mean);
    out->scale = malloc((size_t)components * sizeof *out->scale);
    GNDP_CHECK(out->mean != NULL && out->scale != NULL, GNDP_ERR_NOMEM, "%d components",
               components);
    for (int p = 0; p < components; p++)
        out->scale[p] = 1.0;
    out->components = components;
done:
    if (st != GNDP_OK)
        gndp_normaliser_free(out);
    return st;
}

/* ---- Fitting -------------------------------------------------------------------------------- */

/* Of every component at every point, [N, P] with a climatology: Welford's mean and sum of squared
   deviations. Of vectors about 0, as their mean is 0 by rule. */
typedef struct point_moments {
    const gndp_fieldset_spec *spec;
    int components;
    double *mean, *square; /* [N, P] */
    int64_t *count;        /* [N, P] */
} point_moments;

static gndp_status join_points(void *state, const gndp_block_of_values *block)
{
    point_moments *m = state;
    for (int64_t i = 0; i < block->n; i++) {
        for (int64_t e = 0; e < block->m * m->components; e++) {
            const int64_t from = i * block->m * m->components + e;
            const int64_t to = block->point * m->components + e;
            if (block->present[from] == 0)
                continue;
            const double d = block->values[from] - m->mean[to];
            m->mean[to] += d / (double)++m->count[to];
            m->square[to] += d * (block->values[from] - m->mean[to]);
        }
    }
    return GNDP_OK;
}

/* Of one component over all points: its count, mean, spread about the means of the points, and sum
   of squares about 0. */
typedef struct pooled {
    double count, mean, within, about_0;
} pooled;

static pooled pool(const point_moments *m, int64_t points, int p)
{
    pooled all = {0.0, 0.0, 0.0, 0.0};
    for (int64_t n = 0; n < points; n++) {
        const int64_t e = n * m->components + p;
        const double count = (double)m->count[e];
        if (m->count[e] == 0)
            continue;
        all.count += count;
        all.mean += (m->mean[e] - all.mean) * (count / all.count);
        all.within += m->square[e];
        all.about_0 += m->square[e] + count * m->mean[e] * m->mean[e];
    }
    return all;
}

static gndp_status check_present(const gndp_fieldset_spec *spec, int k, double count)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(count > 0.0, GNDP_ERR_NONFINITE, "%s: channel '%s' has no value to normalise by",
               spec->origin, spec->channel[k].name);
done:
    return st;
}

/* A channel that never varies, or vectors that are all 0, stay finite. */
static double scale_of(double square, double count)
{
    const double scale = sqrt(square / count);
    return scale > 0.0 ? scale : 1.0;
}

/* Sums of squares at each point become standard deviations over the scale; all components of a vector share one. */
static void fit_spread(const point_moments *m, int64_t points, const gndp_normaliser *z)
{
    for (int k = 0, p = 0; k < m->spec->n_channels; p += m->spec->channel[k++].components) {
        const gndp_channel *channel = &m->spec->channel[k];
        for (int64_t i = 0; i < points; i++) {
            double square = 0.0, count = 0.0;
            for (int c = p; c < p + channel->components; c++) {
                const int64_t e = i * m->components + c;
                square += m->square[e];
                count += (double)m->count[e];
            }
            const bool known = channel->kind != GNDP_CHANNEL_SPHERE && square > 0.0;
            for (int c = p; c < p + channel->components; c++)
                m->square[i * m->components + c] = known ? sqrt(square / count) / z->scale[c] : 1.0;
        }
    }
}

static gndp_status fit_climatology(const gndp_fieldset *set, bool spread, gndp_normaliser *out)
{
    gndp_status st = GNDP_OK;
    const gndp_fieldset_spec *spec = &set->spec;
    const int64_t n = spec->coords.n, size = n * set->components;
    point_moments m = {.spec = spec, .components = set->components};
    m.mean = calloc((size_t)size, sizeof *m.mean);
    m.square = calloc((size_t)size, sizeof *m.square);
    m.count = calloc((size_t)size, sizeof *m.count);
    GNDP_CHECK(m.mean != NULL && m.square != NULL && m.count != NULL, GNDP_ERR_NOMEM,
               "a climatology of %lld values", (long long)size);
    GNDP_TRY(gndp_fieldset_stream(set, join_points, &m));
    for (int k = 0, p = 0; k < spec->n_channels; k++) {
        const gndp_channel *channel = &spec->channel[k];
        double count = 0.0, about_0 = 0.0;
        for (int c = 0; c < channel->components; c++) {
            const pooled all = pool(&m, n, p + c);
            GNDP_TRY(check_present(spec, k, all.count));
            count += all.count;
            about_0 += all.about_0;
            if (channel->kind == GNDP_CHANNEL_SCALAR) {
                out->mean[p] = all.mean;
                out->scale[p] = scale_of(all.within, all.count);
            }
        }
        for (int c = 0; c < channel->components; c++) {
            if (channel->kind == GNDP_CHANNEL_VECTOR)
                out->scale[p + c] = scale_of(about_0, count);
            for (int64_t i = 0; i < n; i++) {
                const int64_t e = i * m.components + p + c;
                if (channel->kind == GNDP_CHANNEL_VECTOR)
                    m.square[e] += (double)m.count[e] * m.mean[e] * m.mean[e];
                const bool keep = channel->kind == GNDP_CHANNEL_SCALAR && m.count[e] > 0;
                m.mean[e] = keep ? m.mean[e] - out->mean[p + c] : 0.0;
            }
        }
        p += channel->components;
    }
    out->points = n;
    if (spread) {
        fit_spread(&m, n, out);
        out->spread = m.square;
        m.square = NULL;
    }
    out->climatology = m.mean;
    m.mean = NULL;
done:
    free(m.mean);
    free(m.square);
    free(m.count);
    return st;
}

static gndp_status fit_plain(const gndp_fieldset *set, gndp_normaliser *out)
{
    gndp_status st = GNDP_OK;
    const gndp_fieldset_spec *spec = &set->spec;
    gndp_component_stats *s = malloc((size_t)set->components * sizeof *s);
    GNDP_CHECK(s != NULL, GNDP_ERR_NOMEM, "%d components", set->components);
    GNDP_TRY(gndp_fieldset_stats(set, s));
    for (int k = 0, p = 0; k < spec->n_channels; p += spec->channel[k++].components) {
        const gndp_channel *channel = &spec->channel[k];
        GNDP_TRY(check_present(spec, k, (double)s[p].present));
        if (channel->kind == GNDP_CHANNEL_SCALAR) {
            out->mean[p] = s[p].mean;
            out->scale[p] = scale_of(s[p].sd * s[p].sd, 1.0);
        } else if (channel->kind == GNDP_CHANNEL_VECTOR) {
            double square = 0.0; /* all components are present alike */
            for (int c = p; c < p + channel->components; c++)
                square += s[c].sd * s[c].sd + s[c].mean * s[c].mean;
            for (int c = p; c < p + channel->components; c++)
                out->scale[c] = scale_of(square, channel->components);
        }
    }
done:
    free(s);
    return st;
}

gndp_status gndp_normaliser_fit(const gndp_fieldset *set, gndp_climatology climatology, gndp_normaliser *out)
{
    gndp_status st = GNDP_OK;
    gndp_normaliser fitted = {.components = 0};
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = fitted;
    GNDP_CHECK(set != NULL, GNDP_ERR_ARG, "set is NULL");
    GNDP_CHECK(climatology == GNDP_CLIMATOLOGY_NONE || set->spec.first == NULL, GNDP_ERR_UNSUPPORTED,
               "%s: a climatology needs points that all fields share", set->spec.origin);
    GNDP_TRY(gndp_normaliser_identity(set->components, &fitted));
    if (climatology == GNDP_CLIMATOLOGY_NONE)
        GNDP_TRY(fit_plain(set, &fitted));
    else
        GNDP_TRY(fit_climatology(set, climatology == GNDP_CLIMATOLOGY_SPREAD, &fitted));
    *out = fitted;
    fitted = (gndp_normaliser){.components = 0};
done:
    gndp_normaliser_free(&fitted);
    return st;
}

/* ---- Use ------------------------------------------------------------------------------------ */

static gndp_status check_use(const gndp_normaliser *z, int64_t n, int64_t m, const int64_t *point,
                             const double *values)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(z != NULL, GNDP_ERR_ARG, "normaliser is NULL");
    GNDP_CHECK(n >= 0 && m >= 0, GNDP_ERR_RANGE, "%lld fields of %lld points", (long long)n,
               (long long)m);
    GNDP_CHECK(values != NULL || n == 0 || m == 0, GNDP_ERR_ARG, "values is NULL");
    if (z->climatology == NULL)
        goto done;
    GNDP_CHECK(point != NULL || m <= z->points, GNDP_ERR_RANGE,
               "%lld points, the climatology has %lld", (long long)m, (long long)z->points);
    for (int64_t j = 0; point != NULL && j < m; j++)
        GNDP_CHECK(point[j] >= 0 && point[j] < z->points, GNDP_ERR_RANGE,
                   "point %lld, the climatology has %lld", (long long)point[j],
                   (long long)z->points);
done:
    return st;
}

/* Mean of each component at point number j of the list. */
static inline double centre_at(const gndp_normaliser *z, const int64_t *point, int64_t j, int p)
{
    if (z->climatology == NULL)
        return z->mean[p];
    return z->mean[p] + z->climatology[(point != NULL ? point[j] : j) * z->components + p];
}

static inline double scale_at(const gndp_normaliser *z, const int64_t *point, int64_t j, int p)
{
    if (z->spread == NULL)
        return z->scale[p];
    return z->scale[p] * z->spread[(point != NULL ? point[j] : j) * z->components + p];
}

gndp_status gndp_normaliser_apply(const gndp_normaliser *normaliser, int64_t n, int64_t m,
                                  const int64_t *point, double *values)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_use(normaliser, n, m, point, values));
    double *v = values;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++)
            for (int p = 0; p < normaliser->components; p++, v++)
                *v = (*v - centre_at(normaliser, point, j, p)) / scale_at(normaliser, point, j, p);
done:
    return st;
}

gndp_status gndp_normaliser_invert(const gndp_normaliser *normaliser, int64_t n, int64_t m,
                                   const int64_t *point, double *values)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_use(normaliser, n, m, point, values));
    double *v = values;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++)
            for (int p = 0; p < normaliser->components; p++, v++)
                *v = *v * scale_at(normaliser, point, j, p) + centre_at(normaliser, point, j, p);
done:
    return st;
}

double gndp_normaliser_log_jacobian(const gndp_normaliser *normaliser, int64_t m, const int64_t *point)
{
    double sum = 0.0;
    for (int64_t j = 0; j < m; j++)
        for (int p = 0; p < normaliser->components; p++)
            sum -= log(scale_at(normaliser, point, j, p));
    return sum;
}
