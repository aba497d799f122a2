// SPDX-License-Identifier: Apache-2.0
// Values of one variable, hyperslab by hyperslab, within a buffer of bounded size.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/netcdf_file.h"
#include "io/netcdf_in.h"

/* What one more call into the library costs, in elements that could be read instead: about 5 us and
   40 us at some hundred million elements a second. */
#define CALL_CLASSIC 1000
#define CALL_HDF5 8000

/* Entries between two wanted ones that are read along. */
#define GAP 64

/* Points of a list that are sorted at once. */
#define SLICE 262144

/* One block: successive times of one file, everything else fixed. */
typedef struct block {
    gndp_nc_view *view;
    const gndp_nc_file *file;
    const gndp_nc_part *part;
    const gndp_nc_target *target;
    int64_t first, n; /* of the target's fields */
    bool later;       /* values are there: only gaps are filled */
    int64_t base;     /* number of the first point of the field among all */
    size_t start[GNDP_NC_RANK], count[GNDP_NC_RANK];
    int row_axis, col_axis;                /* of the points' dimensions; -1: there is none */
    int64_t step_time, step_row, step_col; /* in the buffer */
} block;

/* A point that is wanted: its place in the file, and its number among the points asked for. */
typedef struct wanted {
    int64_t key; /* row-major over the dimensions of the points */
    int64_t k;
} wanted;

static int64_t call_cost(const block *b)
{
    const int format = b->file->contents.format;
    return format == NC_FORMAT_NETCDF4 || format == NC_FORMAT_NETCDF4_CLASSIC ? CALL_HDF5
                                                                              : CALL_CLASSIC;
}

/* Elements that one call may read. */
static int64_t room(const block *b)
{
    return (int64_t)(b->view->max_bytes / 2 / sizeof(double));
}

static void set_axis(block *b, int axis, int64_t first, int64_t n)
{
    const int p = axis >= 0 ? b->part->pos_space[axis] : -1;
    if (p < 0)
        return;
    b->start[p] = (size_t)first;
    b->count[p] = (size_t)n;
}

/* Read rows r .. r + nr - 1, columns c .. c + nc - 1 of the block's times into the buffer. */
static gndp_status read_rect(block *b, int64_t r, int64_t nr, int64_t c, int64_t nc)
{
    gndp_status st = GNDP_OK;
    gndp_nc_view *view = b->view;
    const gndp_nc_part *part = b->part;
    const gndp_nc_contents *contents = &b->file->contents;
    const int64_t need = b->n * nr * nc;
    int64_t stride[GNDP_NC_RANK] = {0}, elements = 1;
    if (need > view->buffer_size) {
        double *grown = realloc(view->buffer, (size_t)need * sizeof *grown);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)need);
        view->buffer = grown;
        view->buffer_size = need;
    }
    set_axis(b, b->row_axis, r, nr);
    set_axis(b, b->col_axis, c, nc);
    for (int d = part->rank - 1; d >= 0; d--) {
        stride[d] = elements;
        elements *= (int64_t)b->count[d];
    }
    const int pt = part->pos_role[GNDP_NC_TIME];
    const int pr = b->row_axis >= 0 ? part->pos_space[b->row_axis] : -1;
    const int pc = b->col_axis >= 0 ? part->pos_space[b->col_axis] : -1;
    b->step_time = pt >= 0 ? stride[pt] : 0;
    b->step_row = pr >= 0 ? stride[pr] : 0;
    b->step_col = pc >= 0 ? stride[pc] : 0;
    GNDP_NC(nc_get_vara_double(contents->nc, part->var, b->start, b->count, view->buffer),
            contents->path, "cannot read '%s'", part->name);
done:
    return st;
}

/* Point k of all times of the block, which stands at (row, col) of the buffer. */
static gndp_status put_point(const block *b, int64_t k, int64_t row, int64_t col)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_target *t = b->target;
    const double *from = b->view->buffer + row * b->step_row + col * b->step_col;
    for (int64_t i = 0; i < b->n; i++) {
        const int64_t at = ((b->first + i) * t->m + k) * t->stride;
        if (b->later && t->present[at] != 0)
            continue;
        const double value = gndp_nc_unpack(&b->part->pack, from[i * b->step_time]);
        const bool there = !isnan(value);
        GNDP_CHECK(!isinf(value), GNDP_ERR_NONFINITE,
                   "%s: variable '%s' is infinite in field %lld, point %lld",
                   b->file->contents.path, b->part->name, (long long)t->field[b->first + i],
                   (long long)(t->point != NULL ? t->point[k] : k));
        t->values[at] = there ? value : 0.0;
        t->present[at] = there;
    }
done:
    return st;
}

/* ---- All points of a product ---------------------------------------------------------------- */

/* Last entry (exclusive) of the piece of an index list from i on that may be read as one range: it
   goes up, by no more than `gap` at a time, over no more than `most` entries of the file. */
static int64_t piece_end(const int64_t *index, int64_t n, int64_t i, int64_t gap, int64_t most)
{
    int64_t e = i + 1;
    while (e < n && index[e] > index[e - 1] && index[e] - index[e - 1] <= gap &&
           index[e] - index[i] < most)
        e++;
    return e;
}

/* One plane: the last two axes. `base` is the number of its first point. */
static gndp_status read_plane(block *b, const int64_t *rows, int64_t n_rows, const int64_t *cols,
                              int64_t n_cols, int64_t base)
{
    gndp_status st = GNDP_OK;
    const int64_t most = room(b) / b->n > 0 ? room(b) / b->n : 1;
    for (int64_t c = 0, c_end = 0; c < n_cols; c = c_end) {
        c_end = piece_end(cols, n_cols, c, GAP, most);
        const int64_t width = cols[c_end - 1] - cols[c] + 1;
        const int64_t gap = 1 + call_cost(b) / (width * b->n);
        for (int64_t r = 0, r_end = 0; r < n_rows; r = r_end) {
            r_end = piece_end(rows, n_rows, r, gap, most / width > 0 ? most / width : 1);
            GNDP_TRY(read_rect(b, rows[r], rows[r_end - 1] - rows[r] + 1, cols[c], width));
            for (int64_t i = r; i < r_end; i++)
                for (int64_t j = c; j < c_end; j++)
                    GNDP_TRY(
                        put_point(b, base + i * n_cols + j, rows[i] - rows[r], cols[j] - cols[c]));
        }
    }
done:
    return st;
}

static gndp_status read_product(block *b)
{
    gndp_status st = GNDP_OK;
    static const int64_t zero[1] = {0};
    const gndp_nc_places *p = &b->view->places;
    const int n = p->coords.columns;
    int64_t at[GNDP_MAX_AXES] = {0}, planes = 1;
    for (int a = 0; a < n - 2; a++)
        planes *= p->coords.axis[a].size;
    const int64_t n_rows = n >= 2 ? p->coords.axis[n - 2].size : 1;
    const int64_t n_cols = p->coords.axis[n - 1].size;
    for (int64_t plane = 0; plane < planes; plane++) {
        for (int a = 0; a < n - 2; a++)
            set_axis(b, a, p->index[a][at[a]], 1);
        GNDP_TRY(read_plane(b, n >= 2 ? p->index[n - 2] : zero, n_rows, p->index[n - 1], n_cols,
                            plane * n_rows * n_cols));
        for (int a = n - 3; a >= 0; a--) {
            if (++at[a] < p->coords.axis[a].size)
                break;
            at[a] = 0;
        }
    }
done:
    return st;
}

/* ---- Chosen points -------------------------------------------------------------------------- */

static int compare_wanted(const void *a, const void *b)
{
    const wanted *p = a, *q = b;
    return (p->key > q->key) - (p->key < q->key);
}

/* Place in the file of a point of the set. */
static int64_t key_of(const gndp_nc_places *p, int64_t point)
{
    if (p->coords.layout == GNDP_LAYOUT_LIST)
        return p->cell[point];
    int64_t key = 0, part[GNDP_MAX_AXES];
    for (int a = p->coords.columns - 1; a >= 0; a--) {
        part[a] = p->index[a][point % p->coords.axis[a].size];
        point /= p->coords.axis[a].size;
    }
    for (int a = 0; a < p->coords.columns; a++)
        key = key * p->size[a] + part[a];
    return key;
}

/* Wanted points of one plane, in order of their keys; rows of `width` columns. */
typedef struct plane {
    const wanted *list;
    int64_t n, width;
    int64_t row0, row1, col0, col1;
} plane;

/* Last (exclusive) of the points from i on that one read along a row takes. */
static int64_t run_end(const plane *p, int64_t i, int64_t most)
{
    int64_t e = i + 1;
    while (e < p->n && p->list[e].key / p->width == p->list[i].key / p->width &&
           p->list[e].key - p->list[e - 1].key <= GAP && p->list[e].key - p->list[i].key < most)
        e++;
    return e;
}

static gndp_status read_runs(block *b, const plane *p, int64_t most)
{
    gndp_status st = GNDP_OK;
    for (int64_t i = 0, e = 0; i < p->n; i = e) {
        e = run_end(p, i, most);
        const int64_t row = p->list[i].key / p->width, col = p->list[i].key % p->width;
        GNDP_TRY(read_rect(b, row, 1, col, p->list[e - 1].key - p->list[i].key + 1));
        for (int64_t j = i; j < e; j++)
            GNDP_TRY(put_point(b, p->list[j].k, 0, p->list[j].key - p->list[i].key));
    }
done:
    return st;
}

/* Rows of the box that holds all the points, as many at once as the buffer takes. */
static gndp_status read_box(block *b, const plane *p, int64_t most)
{
    gndp_status st = GNDP_OK;
    const int64_t width = p->col1 - p->col0 + 1, height = most / width;
    for (int64_t i = 0, e = 0; i < p->n; i = e) {
        const int64_t row = p->list[i].key / p->width;
        for (e = i + 1; e < p->n && p->list[e].key / p->width - row < height;)
            e++;
        GNDP_TRY(read_rect(b, row, p->list[e - 1].key / p->width - row + 1, p->col0, width));
        for (int64_t j = i; j < e; j++)
            GNDP_TRY(put_point(b, p->list[j].k, p->list[j].key / p->width - row,
                               p->list[j].key % p->width - p->col0));
    }
done:
    return st;
}

static gndp_status read_plane_points(block *b, plane *p)
{
    gndp_status st = GNDP_OK;
    const int64_t most = room(b) / b->n > 0 ? room(b) / b->n : 1;
    int64_t runs = 0, along = 0;
    p->row0 = p->list[0].key / p->width;
    p->row1 = p->list[p->n - 1].key / p->width;
    p->col0 = INT64_MAX;
    p->col1 = 0;
    for (int64_t i = 0, e = 0; i < p->n; i = e) {
        e = run_end(p, i, most);
        along += p->list[e - 1].key - p->list[i].key + 1;
        runs++;
    }
    for (int64_t i = 0; i < p->n; i++) {
        const int64_t col = p->list[i].key % p->width;
        p->col0 = col < p->col0 ? col : p->col0;
        p->col1 = col > p->col1 ? col : p->col1;
    }
    const int64_t width = p->col1 - p->col0 + 1, box = width * (p->row1 - p->row0 + 1);
    const int64_t calls = 1 + box / most;
    const bool whole =
        width <= most && box * b->n + calls * call_cost(b) <= along * b->n + runs * call_cost(b);
    GNDP_TRY(whole ? read_box(b, p, most) : read_runs(b, p, most));
done:
    return st;
}

/* Points first .. first + n - 1 of those asked for. */
static gndp_status read_slice(block *b, int64_t first, int64_t n, wanted *list)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_places *p = &b->view->places;
    const gndp_nc_target *t = b->target;
    int64_t rows = 1, width = 1;
    bool sorted = true;
    for (int64_t k = 0; k < n; k++) {
        const int64_t asked = first + k;
        list[k] =
            (wanted){key_of(p, b->base + (t->point != NULL ? t->point[asked] : asked)), asked};
        sorted &= k == 0 || list[k].key >= list[k - 1].key;
    }
    if (!sorted)
        qsort(list, (size_t)n, sizeof *list, compare_wanted);
    if (p->n_space >= 1)
        width = p->size[p->n_space - 1];
    if (p->n_space >= 2)
        rows = p->size[p->n_space - 2];
    for (int64_t i = 0, e = 0; i < n; i = e) {
        const int64_t number = list[i].key / (rows * width);
        e = i + 1;
        while (e < n && list[e].key / (rows * width) == number)
            e++;
        int64_t rest = number;
        for (int a = p->n_space - 3; a >= 0; a--) {
            set_axis(b, a, rest % p->size[a], 1);
            rest /= p->size[a];
        }
        for (int64_t j = i; j < e; j++)
            list[j].key -= number * rows * width;
        plane one = {.list = list + i, .n = e - i, .width = width};
        GNDP_TRY(read_plane_points(b, &one));
    }
done:
    return st;
}

static gndp_status read_points(block *b)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_target *t = b->target;
    /* All points come in the order of the file, so they can be taken slice by slice. */
    const int64_t slice = t->point == NULL && t->m > SLICE ? SLICE : t->m;
    wanted *list = calloc((size_t)slice + 1, sizeof *list);
    GNDP_CHECK(list != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)slice);
    for (int64_t first = 0; first < t->m; first += slice)
        GNDP_TRY(read_slice(b, first, t->m - first < slice ? t->m - first : slice, list));
done:
    free(list);
    return st;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

/* How many of the target's fields from `first` on are successive times of one file. */
static int64_t run_of_times(const gndp_nc_view *view, const gndp_nc_target *t, int64_t first,
                            int64_t most)
{
    const gndp_nc_field *f = &view->field[t->field[first]];
    int64_t n = 1;
    for (; first + n < t->n && n < most; n++) {
        const gndp_nc_field *g = &view->field[t->field[first + n]];
        if (g->file != f->file || g->lead != f->lead || g->member != f->member ||
            g->extra != f->extra || g->time != f->time + n)
            break;
    }
    return n;
}

static void fix(block *b, int position, int64_t entry, int64_t n)
{
    if (position < 0)
        return;
    b->start[position] = (size_t)entry;
    b->count[position] = (size_t)n;
}

static gndp_status read_block(block *b)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_part *part = b->part;
    const gndp_nc_field *f = &b->view->field[b->target->field[b->first]];
    for (int d = 0; d < part->rank; d++) {
        b->start[d] = 0;
        b->count[d] = 1;
    }
    fix(b, part->pos_role[GNDP_NC_TIME], f->time, b->n);
    fix(b, part->pos_role[GNDP_NC_LEAD], f->lead, 1);
    fix(b, part->pos_role[GNDP_NC_MEMBER], f->member, 1);
    fix(b, part->pos_role[GNDP_NC_LEVEL], part->level, 1);
    int64_t rest = f->extra;
    for (int e = b->file->n_extra - 1; e >= 0; e--) {
        fix(b, part->pos_extra[e], rest % b->file->extra_size[e], 1);
        rest /= b->file->extra_size[e];
    }
    const bool product = b->view->places.coords.layout == GNDP_LAYOUT_PRODUCT;
    const int n_space = b->view->places.n_space;
    b->row_axis = n_space >= 2 ? n_space - 2 : -1;
    b->col_axis = n_space >= 1 ? n_space - 1 : -1;
    gndp_nc_points_of(&b->view->places, f->time, &b->base);
    for (int64_t v = 0; v < part->n_expver; v++) {
        fix(b, part->pos_role[GNDP_NC_EXPVER], v, 1);
        b->later = v > 0;
        GNDP_TRY(product && b->target->point == NULL ? read_product(b) : read_points(b));
    }
done:
    return st;
}

gndp_status gndp_nc_read_part(gndp_nc_view *view, int part, const gndp_nc_target *target)
{
    gndp_status st = GNDP_OK;
    /* Times in one call: as many as leave the buffer room for a good part of a field. */
    const int64_t room_now = (int64_t)(view->max_bytes / 2 / sizeof(double));
    const int64_t most = target->m > 0 && room_now / target->m > 1 ? room_now / target->m : 1;
    for (int64_t i = 0, n = 0; i < target->n; i += n) {
        gndp_nc_file *file = &view->file[view->field[target->field[i]].file];
        const gndp_nc_part *p = &file->part[part];
        n = p->pos_role[GNDP_NC_TIME] >= 0 ? run_of_times(view, target, i, most) : 1;
        block b = {.view = view, .file = file, .part = p, .target = target, .first = i, .n = n};
        GNDP_TRY(gndp_nc_view_need(view, file));
        GNDP_TRY(read_block(&b));
    }
done:
    return st;
}
