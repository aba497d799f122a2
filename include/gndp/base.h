// SPDX-License-Identifier: Apache-2.0
// The ground floor of gndp: statuses and messages, types, host arrays, threads, logging, progress
// and random numbers.
#ifndef GNDP_BASE_H
#define GNDP_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GNDP_API __attribute__((visibility("default")))

/* ---- Statuses and messages ------------------------------------------------------------------ */

/* Every status of the library: X(enumerator, text). */
#define GNDP_STATUS_LIST(X)                                                                        \
    X(GNDP_OK, "no error")                                                                         \
    X(GNDP_ERR_ARG, "an argument is missing or not allowed")                                       \
    X(GNDP_ERR_SHAPE, "shapes do not agree")                                                       \
    X(GNDP_ERR_TYPE, "element types do not agree")                                                 \
    X(GNDP_ERR_RANGE, "a value is out of its range")                                               \
    X(GNDP_ERR_NOMEM, "out of memory")                                                             \
    X(GNDP_ERR_GRAPH, "the graph is not well formed")                                              \
    X(GNDP_ERR_STATE, "the call does not fit the state of the object")                             \
    X(GNDP_ERR_NOT_FOUND, "no such thing")                                                         \
    X(GNDP_ERR_NOT_PD, "a matrix is not positive definite")                                        \
    X(GNDP_ERR_NONFINITE, "a value is infinite or not a number")                                   \
    X(GNDP_ERR_UNSUPPORTED, "not supported by this build or processor")                            \
    X(GNDP_ERR_IO, "a file could not be read or written")                                          \
    X(GNDP_ERR_FORMAT, "a file or text does not have the expected form")                           \
    X(GNDP_ERR_DEVICE, "the device reported an error")                                             \
    X(GNDP_ERR_INTERRUPTED, "interrupted by the user")                                             \
    X(GNDP_ERR_INTERNAL, "a bug in gndp")

typedef enum gndp_status {
#define GNDP_STATUS_ENUM(code, text) code,
    GNDP_STATUS_LIST(GNDP_STATUS_ENUM)
#undef GNDP_STATUS_ENUM
} gndp_status;

/** The enumerator as text, "GNDP_ERR_SHAPE"; "GNDP_ERR_?" for a number that is no status. */
GNDP_API const char *gndp_status_name(gndp_status status);

/** One plain phrase for the status, "shapes do not agree". */
GNDP_API const char *gndp_status_text(gndp_status status);

/**
 * The last failure in the calling thread: code, place and text on the first line, then one line
 * "  at file:line function" for each caller that passed it on. Empty when nothing failed since
 * the thread began or since gndp_clear_error(). A text that did not fit ends in "[cut]".
 *
 * @return text that belongs to the thread; valid until its next failure
 */
GNDP_API const char *gndp_last_error(void);

/** Forget the calling thread's last failure. */
GNDP_API void gndp_clear_error(void);

/* ---- Element types, shapes, host arrays ----------------------------------------------------- */

typedef enum gndp_dtype { GNDP_F32, GNDP_F64, GNDP_I32 } gndp_dtype;

#define GNDP_MAX_RANK 8

/* Element type and shape of a dense row-major array; dims past the rank are 0, so that two equal
   types are equal as memory. Rank 0 is one value. */
typedef struct gndp_type {
    gndp_dtype dtype;
    int rank;
    int64_t dim[GNDP_MAX_RANK];
} gndp_type;

/** Bytes of one element: 4, 8, 4; 0 for a number that is no dtype. */
GNDP_API size_t gndp_dtype_size(gndp_dtype dtype);
/** "f32", "f64", "i32", or "?". */
GNDP_API const char *gndp_dtype_name(gndp_dtype dtype);

/** A type of the given shape; `dim` [rank] is borrowed. A rank outside 0..GNDP_MAX_RANK gives an
 * invalid type (rank -1, count -1), which every function that takes a type refuses. */
GNDP_API gndp_type gndp_type_make(gndp_dtype dtype, int rank, const int64_t *dim);
GNDP_API gndp_type gndp_type_scalar(gndp_dtype dtype);
GNDP_API gndp_type gndp_type_1d(gndp_dtype dtype, int64_t a);
GNDP_API gndp_type gndp_type_2d(gndp_dtype dtype, int64_t a, int64_t b);
GNDP_API gndp_type gndp_type_3d(gndp_dtype dtype, int64_t a, int64_t b, int64_t c);
GNDP_API gndp_type gndp_type_4d(gndp_dtype dtype, int64_t a, int64_t b, int64_t c, int64_t d);

/** Number of elements; -1 when a rank or dim is not allowed or the product exceeds INT64_MAX. */
GNDP_API int64_t gndp_type_count(gndp_type type);
/** Bytes of the elements; SIZE_MAX where gndp_type_count() is -1 or bytes exceed INT64_MAX. */
GNDP_API size_t gndp_type_bytes(gndp_type type);
GNDP_API bool gndp_type_equal(gndp_type a, gndp_type b);

/* The text of a type, "f32[256,60,128]"; returned by value, so nothing is to be freed. */
typedef struct gndp_type_string {
    char text[192];
} gndp_type_string;
GNDP_API gndp_type_string gndp_type_text(gndp_type type);
/* For printf: printf("got " GNDP_TYPE_FMT "\n", GNDP_TYPE_ARG(type)); */
#define GNDP_TYPE_FMT "%s"
#define GNDP_TYPE_ARG(type) (gndp_type_text(type).text)

/* Dense row-major array in host memory. `owned` is NULL in a view, whose memory is another's. */
typedef struct gndp_array {
    gndp_type type;
    void *data;
    void *owned;
} gndp_array;

/**
 * Make an array of zeros, 64-byte aligned, on huge pages when it is large. An array without
 * elements has data that is not NULL.
 *
 * @param type element type and shape
 * @param out  out; empty (data NULL) on failure; free with gndp_array_free()
 * @return GNDP_OK; GNDP_ERR_ARG if out is NULL; GNDP_ERR_TYPE if the dtype is none; GNDP_ERR_RANGE
 *         if rank, dims or the number of bytes are not allowed; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_array_create(gndp_type type, gndp_array *out);
/** An array over memory that stays the caller's. */
GNDP_API gndp_array gndp_array_view(gndp_type type, void *data);
/** Free the memory if the array owns it and make it empty; takes NULL, a view, an empty array. */
GNDP_API void gndp_array_free(gndp_array *array);

/* ---- Threads -------------------------------------------------------------------------------- */

/**
 * Threads that parallel work started by the calling thread uses from now on. Results do not
 * depend on it except where a document says so.
 *
 * @param n threads, >= 1; 0 for one per processor that this process may use
 * @return GNDP_OK; GNDP_ERR_RANGE if n is negative or above 4096
 */
GNDP_API gndp_status gndp_threads_set(int n);
/** What gndp_threads_set() last chose in this thread, else OpenMP's default (OMP_NUM_THREADS). */
GNDP_API int gndp_threads_get(void);

/* ---- Logging -------------------------------------------------------------------------------- */

typedef enum gndp_log_level {
    GNDP_LOG_ERROR,
    GNDP_LOG_WARN,
    GNDP_LOG_INFO,
    GNDP_LOG_DEBUG,
    GNDP_LOG_TRACE
} gndp_log_level;

typedef struct gndp_log_record {
    gndp_log_level level;
    double time_s;    /* Unix time, UTC */
    const char *text; /* without a closing newline; borrowed for the call */
} gndp_log_record;

/* Where messages go. The library prints nothing by itself: {0} and a NULL logger are silent. */
typedef struct gndp_logger {
    void (*sink)(void *state, const gndp_log_record *record); /* must be callable from any thread */
    void *state;                                              /* borrowed */
    gndp_log_level level;                                     /* messages above it are dropped */
} gndp_logger;

/** "error", "warn", "info", "debug", "trace", or "?". */
GNDP_API const char *gndp_log_level_name(gndp_log_level level);
/** Pass one message on; texts over 1000 bytes end in "[cut]". errno is left as it was. */
GNDP_API void gndp_logger_write(const gndp_logger *logger, gndp_log_level level, const char *format,
                                ...) __attribute__((format(printf, 3, 4)));

/** Sink "level: text", state is a FILE *; colour only on a terminal; control bytes become '?'. */
GNDP_API void gndp_log_sink_text(void *file, const gndp_log_record *record);
/** Sink with one JSON object a line, {"time": ISO 8601, "level", "text"}, state is a FILE *. Bytes
 * that are no UTF-8 become U+FFFD. */
GNDP_API void gndp_log_sink_json(void *file, const gndp_log_record *record);

/* ---- Progress ------------------------------------------------------------------------------- */

typedef struct gndp_progress gndp_progress;

typedef enum gndp_terminal {
    GNDP_TERMINAL_AUTO, /* ask the file */
    GNDP_TERMINAL_NO,
    GNDP_TERMINAL_YES
} gndp_terminal;

typedef struct gndp_progress_options {
    FILE *file;                   /* borrowed; NULL shows nothing */
    gndp_terminal terminal;       /* rewrite one line, or write plain lines now and then */
    int columns;                  /* width of the line; 0: ask the terminal, else 80 */
    const char *unit;             /* what is counted, "step"; copied */
    double (*clock)(void *state); /* seconds, monotonic; NULL: the system's */
    void *clock_state;            /* borrowed */
} gndp_progress_options;

/** stderr, by what it is, counting steps. */
GNDP_API gndp_progress_options gndp_progress_options_default(void);

/**
 * Begin to show the progress of work. On a terminal one line with label, bar, count, time a unit,
 * estimated time left and a free text is rewritten in place at most 10 times a second; elsewhere
 * there is a plain line at the start, about one a minute, and one at the end. The estimate follows
 * the mean rate of about the last half minute.
 *
 * @param options borrowed; NULL for the default
 * @param label   what is done, "train"; copied
 * @param total   units in all; 0 when not known: then neither bar nor estimate is shown
 * @param first   units done before (a resumed run), within [0, total]
 * @param out     out; free with gndp_progress_free()
 * @return GNDP_OK; GNDP_ERR_ARG if label or out is NULL; GNDP_ERR_RANGE if total or first is out
 *         of range; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_progress_create(const gndp_progress_options *options, const char *label,
                                          int64_t total, int64_t first, gndp_progress **out);
/** Say that `done` units are done; extra (NULL for none) is shown behind, "loss 0.25". Takes NULL.
 */
GNDP_API void gndp_progress_update(gndp_progress *progress, int64_t done, const char *extra);
/** Write the last line: done, or stopped short of the total. Later calls do nothing. Takes NULL. */
GNDP_API void gndp_progress_finish(gndp_progress *progress);
/** Finish and free. Takes NULL. */
GNDP_API void gndp_progress_free(gndp_progress *progress);

/* "0.4 s", "39 s", "1 min 39 s", "2 h 05 min", "3 d 04 h"; "?" where there is no such time. */
typedef struct gndp_duration_string {
    char text[32];
} gndp_duration_string;
GNDP_API gndp_duration_string gndp_duration_text(double seconds);

/* ---- Random numbers ------------------------------------------------------------------------- */

/**
 * One block of Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"):
 * 128 bits as a function of counter and key.
 */
GNDP_API void gndp_philox(const uint32_t ctr[4], const uint32_t key[2], uint32_t out[4]);

/* One word for a named stream and a draw within its step (a substep), each below 2^16. */
#define GNDP_STREAM(stream, substep) ((uint32_t)(stream) << 16 | (uint32_t)(substep))

/**
 * Independent uniforms on (0, 1) or standard normals, out[i] that of element first + i. Each value
 * is a function of (key, step, member, stream, element) alone: any split of a range into calls, any
 * order, thread count and processor gives the same bits.
 *
 * Definition. With pair = element / 2 and half = element mod 2, one Philox block
 *   w = philox(ctr = {pair, step, member, stream}, key = {low word, high word of key})
 * serves two elements. W_h = w[2h] + 2^32 w[2h + 1] are its two 64-bit words.
 *   f64 uniform:  (2 floor(W_half / 2^12) + 1) / 2^53
 *   f32 uniform:  (2 floor(W_half / 2^41) + 1) / 2^24
 * These are odd multiples of 2^-53 and 2^-24: exact in their type, symmetric about 1/2, never 0,
 * 1/2 or 1 (24 bits and a half would round up to 1 in f32). The two differ by less than 2^-24. f64
 * normals:  sqrt(-2 log U_0) times cos(2 pi U_1) (half 0), sin(2 pi U_1) (half 1) with U_0, U_1 the
 * f64 uniforms of the block (Box and Muller 1958); log, cos and sin are fixed sequences of exactly
 * rounded operations (src/base/philox.h), relative error below 1e-14. Magnitudes lie below 8.58.
 * The f32 normal is the f64 one rounded to nearest.
 *
 * @param key    64-bit seed
 * @param step   step of a run
 * @param member number of the realization
 * @param stream GNDP_STREAM(stream, substep)
 * @param first  first element, counted within one member
 * @param n      how many; 0 is allowed
 * @param out    [n] out, caller's memory
 * @return GNDP_OK; GNDP_ERR_ARG if out is NULL and n > 0; GNDP_ERR_RANGE if first or n is negative
 *         or first + n is above 2^33
 */
GNDP_API gndp_status gndp_random_uniform_f32(uint64_t key, uint32_t step, uint32_t member,
                                             uint32_t stream, int64_t first, int64_t n, float *out);
GNDP_API gndp_status gndp_random_uniform_f64(uint64_t key, uint32_t step, uint32_t member,
                                             uint32_t stream, int64_t first, int64_t n,
                                             double *out);
GNDP_API gndp_status gndp_random_normal_f32(uint64_t key, uint32_t step, uint32_t member,
                                            uint32_t stream, int64_t first, int64_t n, float *out);
GNDP_API gndp_status gndp_random_normal_f64(uint64_t key, uint32_t step, uint32_t member,
                                            uint32_t stream, int64_t first, int64_t n, double *out);

#ifdef __cplusplus
}
#endif

#endif
