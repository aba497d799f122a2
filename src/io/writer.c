// SPDX-License-Identifier: Apache-2.0
// Field files out: values are checked and packed, stored field by field, and the file takes its
// name when it is complete.
#include <math.h>
#include <netcdf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "io/archive.h"
#include "io/lock.h"
#include "io/writer.h"

/* ---- Making --------------------------------------------------------------------------------- */

static gndp_status take_memory(gndp_field_writer *w)
{
    gndp_status st = GNDP_OK;
    const gndp_out_form *form = &w->form;
    const size_t fields = (size_t)form->n_slots * (size_t)form->n_times, n = (size_t)form->n;
    w->crc = calloc(fields, sizeof *w->crc);
    w->put = calloc(fields, sizeof *w->put);
    w->member = calloc((size_t)form->n_slots, sizeof *w->member);
    w->row = malloc(n * sizeof *w->row);
    w->packed = malloc(n * sizeof(double));
    GNDP_CHECK(w->crc != NULL && w->put != NULL && w->member != NULL && w->row != NULL &&
                   w->packed != NULL,
               GNDP_ERR_NOMEM, "%zu points, %zu fields of %s", n, fields, w->file.path);
done:
    return st;
}

/* Bytes that variables, coordinates and texts may take, and the indices of what was not yet
 * synchronised; on the large side. */
static int64_t head_bytes(const gndp_out_form *form)
{
    const int64_t coords = form->layout == GNDP_LAYOUT_LIST ? 4 * form->n : 0;
    int64_t bytes = (1 << 16) + 16384 * (int64_t)form->n_parts + 16 * coords;
    for (int i = 0; i < form->n_dims; i++)
        bytes += 64 * form->dim[i].size;
    return bytes + form->text_bytes;
}

/* Needs the lock. */
static gndp_status make_file(gndp_field_writer *w, const gndp_write_options *options)
{
    gndp_status st = GNDP_OK;
    gndp_out_remove_new(w);
    GNDP_TRY(gndp_beside_empty(&w->file));
    GNDP_TRY(gndp_beside_reserve(&w->file,
                                 head_bytes(&w->form))); /* where it fails, HDF5 has not begun */
    w->failed = true;
    GNDP_TRY(gndp_out_create(w->file.part, &w->nc));
    GNDP_TRY(gndp_beside_reserve(&w->file, head_bytes(&w->form)));
    GNDP_TRY(gndp_out_define(w, options));
    GNDP_NC_WRITE(nc_sync(w->nc), w->file.part, "its beginning");
    w->failed = false;
done:
    return st;
}

gndp_status gndp_field_writer_create(const char *path, const gndp_field_file *file,
                                     const gndp_write_options *options, gndp_field_writer **out)
{
    gndp_status st = GNDP_OK;
    const gndp_write_options standard = gndp_write_options_default();
    gndp_field_writer *w = NULL;
    bool keep_part = true; /* until it is ours */
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(path != NULL && file != NULL, GNDP_ERR_ARG, "%s is NULL",
               path == NULL ? "path" : "file");
    if (options == NULL)
        options = &standard;
    w = calloc(1, sizeof *w);
    GNDP_CHECK(w != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *w);
    w->nc = -1;
    w->file = gndp_beside_none();
    w->log = options->log;
    w->overwrite = options->overwrite;
    GNDP_TRY(gndp_out_form_make(path, file, options, &w->form));
    GNDP_TRY(gndp_beside_open(path, options->overwrite, &w->file));
    GNDP_TRY(gndp_out_path_ok(w->file.path));
    GNDP_TRY(take_memory(w));
    gndp_beside_unlock(&w->file); /* HDF5 takes its own */
    gndp_nc_lock();
    if (options->resume && w->file.found)
        st = gndp_out_resume(w, options);
    if (st == GNDP_OK && w->nc < 0) {
        keep_part = false;
        st = make_file(w, options);
    }
    gndp_nc_unlock();
    GNDP_TRY(st);
    w->form.file = NULL;
    w->form.time_units = NULL;
    *out = w;
    w = NULL;
done:
    gndp_field_writer_free(w, keep_part);
    return st;
}

bool gndp_field_writer_has(const gndp_field_writer *w, int64_t member_index)
{
    return w != NULL && member_index >= 0 && member_index < w->form.n_slots &&
           w->member[member_index] != 0;
}

/* ---- Values --------------------------------------------------------------------------------- */

/* Round to a number whose last mantissa bits are zero, the nearest, ties to even, as netCDF's
 * BitRound does; what is rounded so it leaves alone. */
static uint64_t round_bits(uint64_t bits, int drop)
{
    if (drop == 0)
        return bits;
    const uint64_t unit = (uint64_t)1 << drop;
    return (bits + (unit / 2 - 1) + (bits >> drop & 1)) & ~(unit - 1);
}

static float round_f32(float value, int drop)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = (uint32_t)round_bits(bits, drop);
    memcpy(&value, &bits, sizeof bits);
    return value;
}

static double round_f64(double value, int drop)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = round_bits(bits, drop);
    memcpy(&value, &bits, sizeof bits);
    return value;
}

/* The part of each point to w->row, NaN where missing. */
static gndp_status gather(gndp_field_writer *w, const gndp_out_part *part, const double *values,
                          const uint8_t *present)
{
    gndp_status st = GNDP_OK;
    const gndp_out_form *form = &w->form;
    const bool sphere = form->channel[part->channel].kind == GNDP_CHANNEL_SPHERE;
    for (int64_t i = 0; i < form->n; i++) {
        const int64_t at = i * form->components + part->component + (sphere ? 0 : part->part);
        double value = values[at];
        if (present != NULL && present[at] == 0) {
            w->row[i] = (double)NAN;
            continue;
        }
        if (sphere) {
            double lat, lon;
            GNDP_CHECK(isfinite(values[at]) && isfinite(values[at + 1]) && isfinite(values[at + 2]),
                       GNDP_ERR_NONFINITE, "%s: %s, point %lld is (%g, %g, %g)", w->file.path,
                       form->channel[part->channel].name, (long long)i, values[at], values[at + 1],
                       values[at + 2]);
            gndp_out_degrees(values + at, &lat, &lon);
            value = part->part == 0 ? lat : lon;
        }
        GNDP_CHECK(isfinite(value), GNDP_ERR_NONFINITE, "%s: %s, point %lld is %g", w->file.path,
                   part->name, (long long)i, value);
        w->row[i] = value;
    }
done:
    return st;
}

/* w->row to w->packed, as stored. */
static gndp_status pack(gndp_field_writer *w, const gndp_out_part *part)
{
    gndp_status st = GNDP_OK;
    const gndp_out_form *form = &w->form;
    const int drop = form->keep_bits > 0 ? (form->f64 ? 52 : 23) - form->keep_bits : 0;
    float *f32 = w->packed;
    double *f64 = w->packed;
    for (int64_t i = 0; i < form->n; i++) {
        const bool missing = isnan(w->row[i]);
        if (form->f64)
            f64[i] = missing ? NC_FILL_DOUBLE : round_f64(w->row[i], drop);
        else
            f32[i] = missing ? NC_FILL_FLOAT : round_f32((float)w->row[i], drop);
        const bool fits = form->f64 ? isfinite(f64[i]) && (missing || f64[i] != NC_FILL_DOUBLE)
                                    : isfinite(f32[i]) && (missing || f32[i] != NC_FILL_FLOAT);
        GNDP_CHECK(fits, GNDP_ERR_RANGE, "%s: %s, point %lld is %g, which %s", w->file.path,
                   part->name, (long long)i, w->row[i],
                   form->f64 ? "stands for a missing value" : "a float cannot hold; write doubles");
    }
done:
    return st;
}

gndp_status gndp_out_store(gndp_field_writer *w, int p, int64_t time, int64_t member,
                           const void *packed)
{
    gndp_status st = GNDP_OK;
    const gndp_out_form *form = &w->form;
    size_t start[GNDP_OUT_MAX_DIMS] = {0}, count[GNDP_OUT_MAX_DIMS] = {1, 1, 1, 1};
    start[0] = (size_t)time;
    if (form->members)
        start[1] = (size_t)member;
    for (int i = form->first_space; i < form->n_dims; i++)
        count[i] = (size_t)form->dim[i].size;
    GNDP_NC_WRITE(nc_put_vara(w->nc, form->part[p].var, start, count, packed), w->file.part,
                  form->part[p].name);
done:
    return st;
}

/* Ask for the space of what is not yet on the disk before HDF5 does: it cannot give up a file on a
 * full one. */
static gndp_status reserve(gndp_field_writer *w)
{
    gndp_status st = GNDP_OK;
    const int64_t chunk = (int64_t)gndp_out_bytes(&w->form) * w->form.n;
    const int64_t more =
        w->form.n_parts * (chunk + chunk / 1000 +
                           512); /* deflate may make a little more of it; its place in the index */
    GNDP_TRY(gndp_beside_reserve(&w->file, w->unsynced + more + head_bytes(&w->form)));
    w->unsynced += more;
done:
    return st;
}

static gndp_status put_field(gndp_field_writer *w, int64_t time, int64_t member,
                             const double *values, const uint8_t *present)
{
    gndp_status st = GNDP_OK;
    const gndp_out_form *form = &w->form;
    uint32_t crc = 0;
    for (int p = 0; p < form->n_parts; p++) { /* all are looked at before one is written */
        GNDP_TRY(gather(w, &form->part[p], values, present));
        GNDP_TRY(pack(w, &form->part[p]));
    }
    GNDP_TRY(reserve(w));
    w->failed = true; /* until it is over */
    for (int p = 0; p < form->n_parts; p++) {
        if (form->n_parts > 1) {
            GNDP_TRY(gather(w, &form->part[p], values, present));
            GNDP_TRY(pack(w, &form->part[p]));
        }
        crc = gndp_crc32(crc, w->packed, (size_t)form->n * gndp_out_bytes(form));
        gndp_nc_lock();
        st = gndp_out_store(w, p, time, member, w->packed);
        gndp_nc_unlock();
        GNDP_TRY(st);
    }
    w->failed = false;
    w->crc[member * form->n_times + time] = crc;
    w->put[member * form->n_times + time] = 1;
done:
    return st;
}

static gndp_status check_open(const gndp_field_writer *w)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(w != NULL, GNDP_ERR_ARG, "writer is NULL");
    GNDP_CHECK(!w->failed, GNDP_ERR_STATE, "%s: a write failed before", w->file.path);
    GNDP_CHECK(w->nc >= 0, GNDP_ERR_STATE, "%s is committed", w->file.path);
done:
    return st;
}

static gndp_status check_member(const gndp_field_writer *w, int64_t member)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_open(w));
    GNDP_CHECK(member >= 0 && member < w->form.n_slots, GNDP_ERR_RANGE,
               "%s: no member has the index %lld, there are %lld", w->file.path, (long long)member,
               (long long)w->form.n_slots);
    GNDP_CHECK(w->member[member] == 0, GNDP_ERR_STATE, "%s: the member of index %lld is complete",
               w->file.path, (long long)member);
done:
    return st;
}

gndp_status gndp_field_writer_put(gndp_field_writer *w, int64_t time_index, int64_t member_index,
                                  const double *values, const uint8_t *present)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(values != NULL, GNDP_ERR_ARG, "values is NULL");
    GNDP_TRY(check_member(w, member_index));
    GNDP_CHECK(time_index >= 0 && time_index < w->form.n_times, GNDP_ERR_RANGE,
               "%s: no time has the index %lld, there are %lld", w->file.path,
               (long long)time_index, (long long)w->form.n_times);
    GNDP_TRY(put_field(w, time_index, member_index, values, present));
done:
    return st;
}

/* ---- Members, attributes, the end ----------------------------------------------------------- */

static gndp_status check_all_put(const gndp_field_writer *w, int64_t member)
{
    gndp_status st = GNDP_OK;
    for (int64_t t = 0; t < w->form.n_times; t++)
        GNDP_CHECK(w->put[member * w->form.n_times + t], GNDP_ERR_STATE,
                   "%s: time %lld of the member of index %lld was not put", w->file.path,
                   (long long)t, (long long)member);
done:
    return st;
}

static gndp_status synchronise(gndp_field_writer *w)
{
    gndp_status st = GNDP_OK;
    GNDP_NC_WRITE(nc_sync(w->nc), w->file.part, "what was put");
    GNDP_TRY(gndp_beside_sync(&w->file));
    w->unsynced = 0;
done:
    return st;
}

gndp_status gndp_field_writer_member_done(gndp_field_writer *w, int64_t member_index)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_member(w, member_index));
    GNDP_TRY(check_all_put(w, member_index));
    w->failed = true;
    gndp_nc_lock();
    st = gndp_out_part_member(w, member_index);
    if (st == GNDP_OK)
        st = synchronise(w);
    gndp_nc_unlock();
    GNDP_TRY(st);
    w->failed = false;
done:
    return st;
}

static gndp_status check_attribute(const gndp_field_writer *w, const char *name)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_open(w));
    GNDP_CHECK(name != NULL && gndp_out_name_ok(name) && name[0] != '_' &&
                   strncmp(name, "gndp_part_", 10) != 0 && strcmp(name, "Conventions") != 0,
               GNDP_ERR_ARG, "%s: no attribute may be called \"%s\"", w->file.path,
               name != NULL ? name : "");
done:
    return st;
}

gndp_status gndp_field_writer_attribute(gndp_field_writer *w, const char *name, const char *text)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(text != NULL, GNDP_ERR_ARG, "text is NULL");
    GNDP_TRY(check_attribute(w, name));
    gndp_nc_lock();
    st = gndp_out_text(w->nc, NC_GLOBAL, w->file.part, name, text);
    gndp_nc_unlock();
    GNDP_TRY(st);
done:
    return st;
}

gndp_status gndp_field_writer_number(gndp_field_writer *w, const char *name, double value)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_attribute(w, name));
    gndp_nc_lock();
    const int code = nc_put_att_double(w->nc, NC_GLOBAL, name, NC_DOUBLE, 1, &value);
    gndp_nc_unlock();
    GNDP_NC_WRITE(code, w->file.part, name);
done:
    return st;
}

/* Needs the lock. Until the marks of a part are gone the file can be resumed, so what can fail
 * comes before. */
static gndp_status finish(gndp_field_writer *w)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(synchronise(w));
    GNDP_TRY(gndp_beside_check(&w->file, w->overwrite));
    GNDP_TRY(gndp_out_part_end(w));
    GNDP_NC_WRITE(nc_sync(w->nc), w->file.part,
                  "its end"); /* fails while the file can still be dealt with */
    const int nc = w->nc;
    w->nc = -1; /* closed, whatever comes */
    GNDP_NC_WRITE(nc_close(nc), w->file.part, "its end");
done:
    return st;
}

gndp_status gndp_field_writer_commit(gndp_field_writer *w)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_open(w));
    for (int64_t m = 0; m < w->form.n_slots; m++)
        GNDP_TRY(check_all_put(w, m));
    GNDP_TRY(gndp_beside_reserve(&w->file, w->unsynced + head_bytes(&w->form)));
    w->failed = true;
    gndp_nc_lock();
    st = finish(w);
    gndp_nc_unlock();
    GNDP_TRY(st);
    gndp_beside_trim(&w->file);
    GNDP_TRY(gndp_beside_commit(&w->file, w->overwrite));
    w->failed = false;
done:
    return st;
}

void gndp_field_writer_free(gndp_field_writer *w, bool keep_part)
{
    if (w == NULL)
        return;
    if (w->nc >= 0) {
        gndp_nc_lock();
        gndp_out_close(w->nc, w->failed ? &w->file : NULL);
        gndp_nc_unlock();
    }
    gndp_beside_close(&w->file, keep_part);
    gndp_out_form_free(&w->form);
    free(w->history);
    free(w->crc);
    free(w->put);
    free(w->member);
    free(w->row);
    free(w->packed);
    free(w);
}
