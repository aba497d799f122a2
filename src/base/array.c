// SPDX-License-Identifier: Apache-2.0
// Element types, shapes with sizes that cannot overflow, and dense host arrays.
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

size_t gndp_dtype_size(gndp_dtype dtype)
{
    switch (dtype) {
    case GNDP_F32:
    case GNDP_I32:
        return 4;
    case GNDP_F64:
        return 8;
    }
    return 0;
}

const char *gndp_dtype_name(gndp_dtype dtype)
{
    switch (dtype) {
    case GNDP_F32:
        return "f32";
    case GNDP_F64:
        return "f64";
    case GNDP_I32:
        return "i32";
    }
    return "?";
}

gndp_type gndp_type_make(gndp_dtype dtype, int rank, const int64_t *dim)
{
    gndp_type type = {.dtype = dtype, .rank = rank};
    if (rank < 0 || rank > GNDP_MAX_RANK) {
        type.rank = -1;
        return type;
    }
    for (int i = 0; i < rank; i++)
        type.dim[i] = dim[i];
    return type;
}

gndp_type gndp_type_scalar(gndp_dtype dtype)
{
    return (gndp_type){.dtype = dtype};
}

gndp_type gndp_type_1d(gndp_dtype dtype, int64_t a)
{
    return (gndp_type){.dtype = dtype, .rank = 1, .dim = {a}};
}

gndp_type gndp_type_2d(gndp_dtype dtype, int64_t a, int64_t b)
{
    return (gndp_type){.dtype = dtype, .rank = 2, .dim = {a, b}};
}

gndp_type gndp_type_3d(gndp_dtype dtype, int64_t a, int64_t b, int64_t c)
{
    return (gndp_type){.dtype = dtype, .rank = 3, .dim = {a, b, c}};
}

gndp_type gndp_type_4d(gndp_dtype dtype, int64_t a, int64_t b, int64_t c, int64_t d)
{
    return (gndp_type){.dtype = dtype, .rank = 4, .dim = {a, b, c, d}};
}

int64_t gndp_type_count(gndp_type type)
{
    if (type.rank < 0 || type.rank > GNDP_MAX_RANK)
        return -1;
    int64_t count = 1;
    bool empty = false;
    for (int i = 0; i < type.rank; i++) {
        if (type.dim[i] < 0)
            return -1;
        empty = empty || type.dim[i] == 0;
    }
    if (empty) /* before the product: an array without elements cannot overflow */
        return 0;
    for (int i = 0; i < type.rank; i++) {
        if (count > INT64_MAX / type.dim[i])
            return -1;
        count *= type.dim[i];
    }
    return count;
}

size_t gndp_type_bytes(gndp_type type)
{
    const int64_t count = gndp_type_count(type);
    const size_t size = gndp_dtype_size(type.dtype);
    if (count < 0 || (size > 0 && (uint64_t)count > (uint64_t)PTRDIFF_MAX / size))
        return SIZE_MAX;
    return (size_t)count * size;
}

bool gndp_type_equal(gndp_type a, gndp_type b)
{
    if (a.dtype != b.dtype || a.rank != b.rank)
        return false;
    for (int i = 0; i < a.rank && i < GNDP_MAX_RANK; i++)
        if (a.dim[i] != b.dim[i])
            return false;
    return true;
}

gndp_type_string gndp_type_text(gndp_type type)
{
    gndp_type_string s = {""};
    gndp_text_append(s.text, sizeof s.text, "%s[", gndp_dtype_name(type.dtype));
    if (type.rank < 0 || type.rank > GNDP_MAX_RANK)
        gndp_text_append(s.text, sizeof s.text, "rank %d?", type.rank);
    else
        for (int i = 0; i < type.rank; i++)
            gndp_text_append(s.text, sizeof s.text, "%s%lld", i == 0 ? "" : ",",
                             (long long)type.dim[i]);
    gndp_text_append(s.text, sizeof s.text, "]");
    return s;
}

/* In front of the elements, so that freeing does not depend on a type that callers may reshape. */
typedef struct header {
    size_t bytes; /* header included */
} header;

gndp_status gndp_array_create(gndp_type type, gndp_array *out)
{
    gndp_status st = GNDP_OK;
    header *owned = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = (gndp_array){.type = type};
    GNDP_CHECK(gndp_dtype_size(type.dtype) > 0, GNDP_ERR_TYPE, "dtype %d", (int)type.dtype);
    const size_t bytes = gndp_type_bytes(type);
    GNDP_CHECK(bytes < (size_t)PTRDIFF_MAX - GNDP_ALIGN, GNDP_ERR_RANGE,
               "no array can be " GNDP_TYPE_FMT, GNDP_TYPE_ARG(type));
    owned = gndp_pages_alloc(bytes + GNDP_ALIGN);
    GNDP_CHECK(owned != NULL, GNDP_ERR_NOMEM, "%zu bytes for " GNDP_TYPE_FMT, bytes,
               GNDP_TYPE_ARG(type));
    owned->bytes = bytes + GNDP_ALIGN;
    out->owned = owned;
    out->data = (char *)owned + GNDP_ALIGN;
done:
    return st;
}

gndp_array gndp_array_view(gndp_type type, void *data)
{
    return (gndp_array){.type = type, .data = data};
}

void gndp_array_free(gndp_array *array)
{
    if (array == NULL)
        return;
    if (array->owned != NULL) {
        header *owned = array->owned;
        gndp_pages_free(owned, owned->bytes);
    }
    *array = (gndp_array){.type = array->type};
}
