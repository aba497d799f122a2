// SPDX-License-Identifier: Apache-2.0
// Unfinished field files: what they say of their members, and how a later run takes them up.
#include <fcntl.h>
#include <netcdf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "io/archive.h"
#include "io/lock.h"
#include "io/netcdf_file.h"
#include "io/writer.h"

#define LAYERS_ATTRIBUTE "gndp_part_layers"

/* The checksums of members are attributes of a fixed size, so that noting one more changes bytes in
 * place and moves nothing. */
static void block_name(int64_t block, char name[64])
{
    snprintf(name, 64, "gndp_part_members_%lld", (long long)block);
}

static int64_t blocks(const gndp_out_form *form)
{
    return (form->n_slots + GNDP_OUT_MEMBER_BLOCK - 1) / GNDP_OUT_MEMBER_BLOCK;
}

static size_t block_size(const gndp_out_form *form, int64_t block)
{
    const int64_t left = form->n_slots - block * GNDP_OUT_MEMBER_BLOCK;
    return (size_t)(left < GNDP_OUT_MEMBER_BLOCK ? left : GNDP_OUT_MEMBER_BLOCK);
}

static gndp_status put_block(gndp_field_writer *w, int64_t block)
{
    gndp_status st = GNDP_OK;
    char name[64];
    block_name(block, name);
    GNDP_NC_WRITE(nc_put_att_uint(w->nc, NC_GLOBAL, name, NC_UINT, block_size(&w->form, block),
                                  w->member + block * GNDP_OUT_MEMBER_BLOCK),
                  w->file.part, name);
done:
    return st;
}

gndp_status gndp_out_part_begin(gndp_field_writer *w)
{
    gndp_status st = GNDP_OK;
    GNDP_NC_WRITE(nc_put_att_uint(w->nc, NC_GLOBAL, LAYERS_ATTRIBUTE, NC_UINT, GNDP_OUT_LAYERS,
                                  w->form.layer),
                  w->file.part, LAYERS_ATTRIBUTE);
    for (int64_t block = 0; block < blocks(&w->form); block++)
        GNDP_TRY(put_block(w, block));
done:
    return st;
}

gndp_status gndp_out_part_member(gndp_field_writer *w, int64_t member)
{
    gndp_status st = GNDP_OK;
    w->member[member] = gndp_out_member_crc(w, member);
    GNDP_TRY(put_block(w, member / GNDP_OUT_MEMBER_BLOCK));
done:
    return st;
}

gndp_status gndp_out_part_end(gndp_field_writer *w)
{
    gndp_status st = GNDP_OK;
    char name[64];
    GNDP_NC_WRITE(nc_del_att(w->nc, NC_GLOBAL, LAYERS_ATTRIBUTE), w->file.part, LAYERS_ATTRIBUTE);
    for (int64_t block = 0; block < blocks(&w->form); block++) {
        block_name(block, name);
        GNDP_NC_WRITE(nc_del_att(w->nc, NC_GLOBAL, name), w->file.part, name);
    }
done:
    return st;
}

uint32_t gndp_out_member_crc(const gndp_field_writer *w, int64_t member)
{
    const uint32_t crc =
        gndp_crc32(0, w->crc + member * w->form.n_times, (size_t)w->form.n_times * sizeof *w->crc);
    return crc != 0 ? crc : 1;
}

/* ---- Taking up ------------------------------------------------------------------------------ */

/* An old part, open for reading. */
typedef struct old_part {
    int nc;
    int *var;         /* [parts] */
    uint32_t *member; /* [slots] */
} old_part;

/* The attribute as an array of exactly n. */
static bool read_uints(int nc, const char *name, size_t n, uint32_t *out)
{
    nc_type type;
    size_t length;
    return nc_inq_att(nc, NC_GLOBAL, name, &type, &length) == NC_NOERR && type == NC_UINT &&
           length == n && nc_get_att_uint(nc, NC_GLOBAL, name, out) == NC_NOERR;
}

/* Whether the part is of the same identity and form. @return GNDP_ERR_STATE with what differs;
 * GNDP_ERR_FORMAT for what is no part */
static gndp_status check_same(const gndp_field_writer *w, const gndp_write_options *options, int nc)
{
    static const char *const what[GNDP_OUT_LAYERS] = {"points", "variables", "times", "members",
                                                      "precision"};
    gndp_status st = GNDP_OK;
    uint32_t layer[GNDP_OUT_LAYERS];
    char *text = NULL;
    GNDP_CHECK(read_uints(nc, LAYERS_ATTRIBUTE, GNDP_OUT_LAYERS, layer), GNDP_ERR_FORMAT,
               "it is not part of a field file");
    for (int i = 0; i < options->n_identity; i++) {
        const char *name = options->identity[2 * i], *mine = options->identity[2 * i + 1];
        if (gndp_out_text_is(nc, name, mine))
            continue;
        text = gndp_nc_text_dup(nc, NC_GLOBAL, name); /* fit to be shown */
        GNDP_CHECK(false, GNDP_ERR_STATE, "%s cannot be resumed: its %s is \"%s\", not \"%s\"",
                   w->file.part, name, text != NULL ? text : "", mine);
    }
    for (int i = 0; i < GNDP_OUT_LAYERS; i++)
        GNDP_CHECK(layer[i] == w->form.layer[i], GNDP_ERR_STATE,
                   "%s cannot be resumed: its %s differ", w->file.part, what[i]);
done:
    free(text);
    return st;
}

static gndp_status find_old(const gndp_field_writer *w, old_part *old)
{
    gndp_status st = GNDP_OK;
    const gndp_out_form *form = &w->form;
    char name[64];
    old->var = malloc((size_t)form->n_parts * sizeof *old->var);
    old->member = malloc((size_t)form->n_slots * sizeof *old->member);
    GNDP_CHECK(old->var != NULL && old->member != NULL, GNDP_ERR_NOMEM, "%lld members",
               (long long)form->n_slots);
    for (int i = 0; i < form->n_parts; i++) {
        nc_type type;
        int rank;
        const bool found = nc_inq_varid(old->nc, form->part[i].name, &old->var[i]) == NC_NOERR &&
                           nc_inq_vartype(old->nc, old->var[i], &type) == NC_NOERR &&
                           type == (form->f64 ? NC_DOUBLE : NC_FLOAT) &&
                           nc_inq_varndims(old->nc, old->var[i], &rank) == NC_NOERR &&
                           rank == form->n_dims;
        GNDP_CHECK(found, GNDP_ERR_FORMAT, "it lacks %s", form->part[i].name);
    }
    for (int64_t block = 0; block < blocks(form); block++) {
        block_name(block, name);
        GNDP_CHECK(read_uints(old->nc, name, block_size(form, block),
                              old->member + block * GNDP_OUT_MEMBER_BLOCK),
                   GNDP_ERR_FORMAT, "it lacks %s", name);
    }
done:
    return st;
}

static void forget(gndp_field_writer *w, int64_t member)
{
    const int64_t n = w->form.n_times;
    memset(w->crc + member * n, 0, (size_t)n * sizeof *w->crc);
    memset(w->put + member * n, 0, (size_t)n);
    w->member[member] = 0;
}

/* Copy a member that the part says to be complete; one that cannot be read or has another checksum
 * is left to be made again. */
static gndp_status copy_member(gndp_field_writer *w, const old_part *old, int64_t member)
{
    gndp_status st = GNDP_OK;
    const gndp_out_form *form = &w->form;
    size_t start[GNDP_OUT_MAX_DIMS] = {0}, count[GNDP_OUT_MAX_DIMS] = {1, 1, 1, 1};
    for (int i = form->first_space; i < form->n_dims; i++)
        count[i] = (size_t)form->dim[i].size;
    start[1] = form->members ? (size_t)member : 0;
    for (int64_t t = 0; t < form->n_times; t++) {
        uint32_t *crc = &w->crc[member * form->n_times + t];
        start[0] = (size_t)t;
        for (int p = 0; p < form->n_parts; p++) {
            if (nc_get_vara(old->nc, old->var[p], start, count, w->packed) != NC_NOERR) {
                forget(w, member);
                goto done;
            }
            *crc = gndp_crc32(*crc, w->packed, (size_t)form->n * gndp_out_bytes(form));
            GNDP_TRY(gndp_out_store(w, p, t, member, w->packed));
        }
        w->put[member * form->n_times + t] = 1;
    }
    if (gndp_out_member_crc(w, member) == old->member[member])
        GNDP_TRY(gndp_out_part_member(w, member));
    else
        forget(w, member);
done:
    return st;
}

/* The name of a file that shall be the part; NULL: no memory. */
static char *new_name(const gndp_field_writer *w)
{
    const size_t bytes = strlen(w->file.part) + sizeof ".new";
    char *name = malloc(bytes);
    if (name != NULL)
        snprintf(name, bytes, "%s.new", w->file.part);
    return name;
}

void gndp_out_remove_new(const gndp_field_writer *w)
{
    char *name = new_name(w);
    if (name != NULL)
        (void)unlink(name);
    free(name);
}

/* Close and remove a copy that could not be made; the part is as it was. */
static void give_up_copy(gndp_field_writer *w, const char *fresh)
{
    const gndp_beside copy = {.fd = open(fresh, O_RDWR | O_CLOEXEC)};
    if (w->nc >= 0)
        gndp_out_close(w->nc, copy.fd >= 0 ? &copy : NULL);
    w->nc = -1;
    if (copy.fd >= 0)
        close(copy.fd);
    (void)unlink(fresh);
}

/* A new file beside the part, with all that is whole of it; then it is the part. */
static gndp_status rebuild(gndp_field_writer *w, const gndp_write_options *options,
                           const old_part *old)
{
    gndp_status st = GNDP_OK;
    char *fresh = new_name(w);
    int64_t said = 0, kept = 0;
    GNDP_CHECK(fresh != NULL, GNDP_ERR_NOMEM, "the name of a file");
    w->history = gndp_nc_text_dup(old->nc, NC_GLOBAL, "history");
    w->failed = true;
    GNDP_TRY(gndp_out_create(fresh, &w->nc));
    GNDP_TRY(gndp_out_define(w, options));
    for (int64_t m = 0; m < w->form.n_slots; m++)
        if (old->member[m] != 0) {
            said++;
            GNDP_TRY(copy_member(w, old, m));
            kept += w->member[m] != 0;
        }
    GNDP_NC_WRITE(nc_sync(w->nc), fresh, "a copy of the members that are there");
    GNDP_TRY(gndp_beside_replace(&w->file, fresh));
    w->failed = false;
    gndp_logger_write(w->log, GNDP_LOG_INFO, "%s: taken up, %lld of %lld members are there",
                      w->file.part, (long long)kept, (long long)w->form.n_slots);
    if (said > kept)
        gndp_logger_write(w->log, GNDP_LOG_WARN, "%s: %lld members are damaged and are made again",
                          w->file.part, (long long)(said - kept));
done:
    if (st != GNDP_OK && fresh != NULL)
        give_up_copy(w, fresh);
    free(fresh);
    return st;
}

gndp_status gndp_out_resume(gndp_field_writer *w, const gndp_write_options *options)
{
    gndp_status st = GNDP_OK;
    old_part old = {.nc = -1};
    st = gndp_nc_open(w->file.part, &old.nc);
    if (st == GNDP_OK)
        st = check_same(w, options, old.nc);
    if (st == GNDP_OK)
        st = find_old(w, &old);
    if (st == GNDP_ERR_FORMAT || st == GNDP_ERR_IO) { /* what cannot be read cannot be resumed */
        gndp_logger_write(w->log, GNDP_LOG_WARN, "%s cannot be read and is started afresh: %s",
                          w->file.part, gndp_nc_last_reason().text);
        st = GNDP_OK;
        goto done;
    }
    GNDP_TRY(st);
    GNDP_TRY(rebuild(w, options, &old));
done:
    if (old.nc >= 0)
        nc_close(old.nc);
    free(old.var);
    free(old.member);
    return st;
}
