// SPDX-License-Identifier: Apache-2.0
// Any text as places of events; distinct ones are no more than all.
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "io/events.h"

static int64_t count(const uint8_t *data, size_t size, bool distinct)
{
    char *text = fuzz_text(data, size);
    gndp_fieldset *set = NULL;
    int64_t n = 0;
    if (gndp_events_read_text("fuzz", text, size, distinct, &set) == GNDP_OK)
        n = gndp_fieldset_get_spec(set)->n_fields;
    gndp_fieldset_free(set);
    free(text);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t all = count(data, size, false), distinct = count(data, size, true);
    FUZZ_CHECK(distinct <= all && (distinct > 0) == (all > 0));
    return 0;
}
