// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: any bytes as a configuration, and what is read must print, read back and print the same.
#include <gndp/config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "fuzz_config: %s: %s\n", what, gndp_last_error());
    abort();
}

static char *print(const gndp_config *config)
{
    const size_t length = gndp_config_print(config, NULL, 0);
    char *text = malloc(length + 1);
    require(text != NULL && gndp_config_print(config, text, length + 1) == length, "print");
    return text;
}

/* Up to the first NUL the bytes are a file; what follows is an assignment of --set. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gndp_config *config = NULL, *back = NULL, *copy = NULL;
    char *text = malloc(size + 2);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = text[size + 1] = '\0';
    const char *assignment = text + strlen(text) + 1;
    if (gndp_config_parse(text, "folder/fuzz.yaml", &config) != GNDP_OK) {
        require(config == NULL && gndp_last_error()[0] != '\0', "a failure leaves something");
        free(text);
        return 0;
    }
    if (strlen(text) < size)
        (void)gndp_config_set(config, assignment);
    char *one = print(config);
    require(gndp_config_parse(one, "/elsewhere/run.yaml", &back) == GNDP_OK, "the print does not read back");
    char *two = print(back);
    require(strcmp(one, two) == 0, "the print changes");
    require(gndp_config_clone(config, &copy) == GNDP_OK, "clone");
    char *three = print(copy);
    require(strcmp(one, three) == 0, "the clone differs");
    gndp_config_free(config);
    gndp_config_free(back);
    gndp_config_free(copy);
    free(text);
    free(one);
    free(two);
    free(three);
    return 0;
}
