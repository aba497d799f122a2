// SPDX-License-Identifier: Apache-2.0
// Numbers from text and back, exact and the same in every locale.
#ifndef GNDP_IO_NUMBER_H
#define GNDP_IO_NUMBER_H

#include <gndp/tables.h>

/**
 * A finite decimal number that fills the text: sign, digits with a point, exponent. No blanks, no
 * hexadecimal, no "nan", no "inf", nothing that overflows; rounded to nearest.
 */
bool gndp_number_parse(const char *text, double *out);

/** A whole number in decimal digits, with a sign or without, that fills the text. */
bool gndp_integer_parse(const char *text, int64_t *out);

/** Text of a file as a message may show it: cut at 40 bytes, control bytes and what is no UTF-8 as
 * '?'. */
typedef struct gndp_shown_string {
    char text[64];
} gndp_shown_string;
gndp_shown_string gndp_shown(const char *text);

#endif
