// SPDX-License-Identifier: Apache-2.0
// One level of panel.h: included by the file of each level, which defines PANEL_TABLE.
#include <string.h>

#include "kernels/panel.h"

/* Eight doubles as the compiler's own vector: it makes of them what the level has. Never passed
 * between functions that are not inline. */
typedef double lanes __attribute__((vector_size(64)));

/* Columns of a in one pass: with 16 lanes 32 KiB of e, beside 4 rows of a. */
enum { BLOCK = 256 };

#define load(p) (*(const lanes_unaligned *)(const void *)(p))
#define store(p, value) (*(lanes_unaligned *)(void *)(p) = (value))
typedef double lanes_unaligned __attribute__((vector_size(64), aligned(8), may_alias));

#define ENTRY double
#define PANEL_NAME(f) f##_f64
#include "kernels/panel.inl"
#undef ENTRY
#undef PANEL_NAME
#define ENTRY float
#define PANEL_NAME(f) f##_f32
#include "kernels/panel.inl"
#undef ENTRY
#undef PANEL_NAME

const panel_table PANEL_TABLE[2] = {{times_f64, transposed_f64}, {times_f32, transposed_f32}};
