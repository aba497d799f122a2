// SPDX-License-Identifier: Apache-2.0
// Opening NetCDF files and reading their attributes.
#include "io/netcdf_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* Longest text of an attribute that is kept. */
#define TEXT_BYTES 65536

void gndp_nc_clean(const char *bytes, size_t n, bool lines, char *out, size_t size)
{
    out[0] = '\0';
    /* gndp_utf8_length() wants a closing zero, so a character is looked at in a copy of its own. */
    for (size_t i = 0; i < n && bytes[i] != '\0';) {
        char one[5] = "";
        memcpy(one, bytes + i, n - i < 4 ? n - i : 4);
        const size_t length = gndp_utf8_length(one);
        const unsigned char b = (unsigned char)one[0];
        if (length == 0) {
            gndp_text_append(out, size, "\xEF\xBF\xBD");
            i++;
            continue;
        }
        one[length] = '\0';
        const bool kept = lines && (b == '\n' || b == '\t');
        const bool c1 = b == 0xC2 && (unsigned char)one[1] < 0xA0; /* U+0080 to U+009F steer too */
        if ((b < 0x20 && !kept) || b == 0x7F || c1)
            gndp_text_append(out, size, "?");
        else
            gndp_text_append(out, size, "%s", one);
        i += length;
    }
}

gndp_status gndp_nc_fail_at(const char *file, int line, const char *function, int code,
                            const char *path, const char *format, ...)
{
    char what[512] = "";
    va_list args;
    va_start(args, format);
    gndp_text_vappend(what, sizeof what, format, args);
    va_end(args);
    gndp_status status = GNDP_ERR_FORMAT;
    if (code == NC_ENOMEM)
        status = GNDP_ERR_NOMEM;
    else if (code > 0) /* errno of the system */
        status = GNDP_ERR_IO;
    else if (code == NC_EFILTER)
        status = GNDP_ERR_UNSUPPORTED;
    return gndp_fail_at(file, line, function, status, "%s: %s: %s", path, what, nc_strerror(code));
}

gndp_nc_reason gndp_nc_last_reason(void)
{
    gndp_nc_reason reason = {""};
    const char *text = gndp_last_text();
    gndp_text_append(reason.text, sizeof reason.text, "%.*s", (int)strcspn(text, "\n"), text);
    return reason;
}

gndp_status gndp_nc_open(const char *path, int *out)
{
    gndp_status st = GNDP_OK;
    *out = -1;
    /* The library takes such names for addresses in the network. */
    GNDP_CHECK(strstr(path, "://") == NULL, GNDP_ERR_UNSUPPORTED,
               "%s: files in the network are not read; fetch it first", path);
    GNDP_TRY(gndp_nc_check(path));
    const int code = nc_open(path, NC_NOWRITE, out);
    if (code != NC_NOERR)
        *out = -1;
    GNDP_CHECK(code != NC_EHDFERR, GNDP_ERR_FORMAT, "%s: truncated or corrupt HDF5 file", path);
    GNDP_NC(code, path, "cannot be opened");
done:
    return st;
}

bool gndp_nc_is_number(nc_type type)
{
    return type == NC_BYTE || type == NC_UBYTE || type == NC_SHORT || type == NC_USHORT ||
           type == NC_INT || type == NC_UINT || type == NC_INT64 || type == NC_UINT64 ||
           type == NC_FLOAT || type == NC_DOUBLE;
}

const char *gndp_nc_type_name(nc_type type)
{
    static const char *const names[] = {"none",  "byte",   "char",  "short",  "int",
                                        "float", "double", "ubyte", "ushort", "uint",
                                        "int64", "uint64", "string"};
    if (type >= 0 && (size_t)type < sizeof names / sizeof *names)
        return names[type];
    return "user-defined";
}

/* Strings joined by blanks, cut at TEXT_BYTES. */
static char *read_strings(int nc, int var, const char *name, size_t n)
{
    char *text = NULL;
    char **parts = calloc(n > 0 ? n : 1, sizeof *parts);
    if (parts == NULL)
        return NULL;
    if (nc_get_att_string(nc, var, name, parts) == NC_NOERR) {
        size_t bytes = 1;
        for (size_t i = 0; i < n; i++)
            bytes += (parts[i] != NULL ? strlen(parts[i]) : 0) + 1;
        text = calloc(bytes, 1);
        for (size_t i = 0, at = 0; text != NULL && i < n; i++) {
            if (i > 0)
                text[at++] = ' ';
            const size_t length = parts[i] != NULL ? strlen(parts[i]) : 0;
            memcpy(text + at, parts[i] != NULL ? parts[i] : "", length);
            at += length;
        }
        nc_free_string(n, parts);
    }
    free(parts);
    return text;
}

/* As it stands in the file, with a closing zero; *n its bytes. NULL: none, no text, no memory. */
static char *read_raw(int nc, int var, const char *name, size_t *n)
{
    nc_type type = NC_NAT;
    size_t count = 0;
    char *text = NULL;
    *n = 0;
    if (nc_inq_att(nc, var, name, &type, &count) != NC_NOERR)
        return NULL;
    if (type == NC_STRING) {
        /* A string is at least a pointer in memory: so many belong to no text. */
        text = count <= TEXT_BYTES ? read_strings(nc, var, name, count) : NULL;
        *n = text != NULL ? strlen(text) : 0;
    } else if (type == NC_CHAR) {
        text = calloc(count + 1, 1);
        if (text != NULL && count > 0 && nc_get_att_text(nc, var, name, text) != NC_NOERR) {
            free(text);
            return NULL;
        }
        *n = count;
    }
    return text;
}

bool gndp_nc_text(int nc, int var, const char *name, char *out, size_t size)
{
    size_t n = 0;
    char *raw = read_raw(nc, var, name, &n);
    out[0] = '\0';
    if (raw == NULL)
        return false;
    while (n > 0 && (raw[n - 1] == ' ' || raw[n - 1] == '\0'))
        n--; /* Fortran pads with blanks */
    const size_t lead = strspn(raw, " ");
    gndp_nc_clean(raw + (lead < n ? lead : n), lead < n ? n - lead : 0, false, out, size);
    free(raw);
    return true;
}

char *gndp_nc_text_dup(int nc, int var, const char *name)
{
    size_t n = 0;
    char *raw = read_raw(nc, var, name, &n);
    if (raw == NULL)
        return NULL;
    /* An invalid byte becomes three. */
    const size_t size = (n < TEXT_BYTES ? n : TEXT_BYTES) * 3 + 16;
    char *out = calloc(size, 1);
    if (out != NULL)
        gndp_nc_clean(raw, n, true, out, size);
    free(raw);
    return out;
}

int gndp_nc_numbers(int nc, int var, const char *name, int max, double *out, nc_type *type)
{
    size_t count = 0;
    *type = NC_NAT;
    if (nc_inq_att(nc, var, name, type, &count) != NC_NOERR)
        return -1;
    if (!gndp_nc_is_number(*type))
        return -2;
    if (count > 65536)
        return -2;
    double *all = calloc(count > 0 ? count : 1, sizeof *all);
    if (all == NULL || nc_get_att_double(nc, var, name, all) != NC_NOERR) {
        free(all);
        return -2;
    }
    for (size_t i = 0; i < count && i < (size_t)max; i++)
        out[i] = all[i];
    free(all);
    return (int)count;
}
