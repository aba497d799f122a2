// SPDX-License-Identifier: Apache-2.0
// NetCDF files of strangers: opened after a look at what the header claims, attributes read with
// care. The lock of io/lock.h is held around every call here that takes an `nc`.
#ifndef GNDP_IO_NETCDF_FILE_H
#define GNDP_IO_NETCDF_FILE_H

#include <netcdf.h>

#include <gndp/base.h>

/**
 * Text of a file made fit to be printed and kept: control characters (but, on request, newline and
 * tab) become '?', bytes that are no UTF-8 become U+FFFD; ends at a NUL. What does not fit is cut
 * visibly.
 */
void gndp_nc_clean(const char *bytes, size_t n, bool lines, char *out, size_t size);

/**
 * Look at a file's first bytes and, for the classic formats, at its whole header, before the
 * library that would trust them.
 *
 * @return GNDP_OK; GNDP_ERR_IO with the system's reason; GNDP_ERR_FORMAT for what is no NetCDF
 *         (with a hint where the content is known), is truncated, or claims more than it holds
 */
gndp_status gndp_nc_check(const char *path);

/** What the first bytes say of a file that gndp does not read, "GRIB: convert it with ..", or NULL.
 */
const char *gndp_nc_hint(const unsigned char *bytes, size_t n);

/** Whether the bytes begin a NetCDF file, classic or HDF5. */
bool gndp_nc_is_magic(const unsigned char *bytes, size_t n);

/** gndp_nc_check() and open for reading. Close with nc_close(). Needs the lock. */
gndp_status gndp_nc_open(const char *path, int *out);

/* A call into netCDF whose failure names the file and a thing in it (a printf format and its
   arguments). */
#define GNDP_NC(call, path, ...)                                                                   \
    do {                                                                                           \
        const int gndp_nc_code = (call);                                                           \
        if (gndp_nc_code != NC_NOERR) {                                                            \
            st = gndp_nc_fail_at(GNDP_HERE, gndp_nc_code, (path), __VA_ARGS__);                    \
            goto done;                                                                             \
        }                                                                                          \
    } while (0)
gndp_status gndp_nc_fail_at(const char *file, int line, const char *function, int code,
                            const char *path, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/** The first line of the thread's last message without status and place, for callers that put the
 * file's name before it. */
typedef struct gndp_nc_reason {
    char text[768];
} gndp_nc_reason;
gndp_nc_reason gndp_nc_last_reason(void);

/** A text attribute (characters, or strings joined by blanks), cleaned; "" and false: there is none
 * or it is no text. */
bool gndp_nc_text(int nc, int var, const char *name, char *out, size_t size);

/** The same with its lines, of any length up to 64 KiB; NULL: none, no text, or no memory. Free
 * with free(). */
char *gndp_nc_text_dup(int nc, int var, const char *name);

/** Numbers of an attribute, at most `max`. @return how many there are; -1: no such attribute; -2:
 * it is text or of a type that is no number */
int gndp_nc_numbers(int nc, int var, const char *name, int max, double *out, nc_type *type);

/** Whether a type is one of the numbers of NetCDF. */
bool gndp_nc_is_number(nc_type type);
/** "short", .. also for types that are no numbers. */
const char *gndp_nc_type_name(nc_type type);

#endif
