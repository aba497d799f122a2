// SPDX-License-Identifier: Apache-2.0
// `gndp info`: what gndp understands of a file, as text or JSON.
#include "cli/info.h"

#include <stdlib.h>

#include "cli/gp_common.h"
#include "cli/select.h"

const char info_text[] = "usage: gndp info FILE... [OPTION]...\n"
                         "\n"
                         "Show what gndp understands of a file: its kind, axes, channels with kind "
                         "and unit, times, members,\n"
                         "missing values and ranges. All values are read, so that what is wrong in "
                         "a file is found here;\n"
                         "--header reads none. Several NetCDF files are joined along time or "
                         "members. The options say what is\n"
                         "taken of a file, as for every verb that reads data.\n"
                         "\n"
                         "Kinds: NetCDF grids, stations and unstructured cells, also as gndp gen "
                         "and gndp gp write them; cyclone\n"
                         "tracks (IBTrACS NetCDF and CSV, HURDAT2, ATCF, CF trajectories); "
                         "observation tables; lists of events;\n"
                         "images (IDX, CIFAR, PNG); voxels; archives of named arrays such as "
                         "models. docs/files.md has the table.\n";

typedef struct info_settings {
    cli_select select;
    bool header, json, quiet, verbose;
} info_settings;

#define ROW(name_, brief_, kind_, field_, text_)                                                   \
    {                                                                                              \
        .name = (name_), .brief = (brief_), .kind = (kind_),                                       \
        .offset = offsetof(info_settings, field_), .text = (text_)                                 \
    }

const gndp_option info_options[] = {
    CLI_OPTIONS_SELECT(info_settings, select),
    CLI_OPTIONS_SELECT_OTHER(info_settings, select),
    ROW("header", 0, GNDP_OPTION_SWITCH, header,
        "do not read the values: no ranges, no missing counts"),
    ROW("json", 0, GNDP_OPTION_SWITCH, json, "one JSON object on standard output"),
    ROW("quiet", 'q', GNDP_OPTION_SWITCH, quiet, "no notes"),
    ROW("verbose", 'v', GNDP_OPTION_SWITCH, verbose, "more: where an error came from"),
    ROW("help", 'h', GNDP_OPTION_SWITCH, quiet, "this text"),
    {0}};

const char info_examples[] = "Examples:\n"
                             "  gndp info era5.nc\n"
                             "  gndp info era5.nc --var t2m --time 2019-03-10 --box -6,2,50,54\n"
                             "  gndp info members.nc --level 500 --member 0-3 --json\n"
                             "  gndp info IBTrACS.SP.v04r00.nc --season 1980-2020 --track-step 3\n";

static int describe_set(const info_settings *s, const char *path, gndp_file_kind kind,
                        const gndp_fieldset *set)
{
    int code = GNDP_EXIT_DONE;
    gndp_component_stats *stats = NULL;
    if (!s->header) {
        stats = calloc((size_t)gndp_fieldset_components(set), sizeof *stats);
        if (stats == NULL)
            return gndp_failure_memory();
        GNDP_LIBRARY(gndp_fieldset_stats(set, stats));
    }
    if (s->json)
        GNDP_STEP(gp_json_write(info_json_set(path, kind, set, stats)));
    else
        GNDP_STEP(info_report_set(path, kind, set, stats));
done:
    free(stats);
    return code;
}

static int describe_table(const info_settings *s, const char *path)
{
    int code = GNDP_EXIT_DONE;
    gndp_observations table = {0};
    GNDP_LIBRARY(gndp_observations_read(path, &table));
    if (s->json)
        GNDP_STEP(gp_json_write(info_json_observations(path, &table)));
    else
        GNDP_STEP(info_report_observations(path, &table));
done:
    gndp_observations_free(&table);
    return code;
}

static int describe_archive(const info_settings *s, const char *path)
{
    int code = GNDP_EXIT_DONE;
    gndp_archive *archive = NULL;
    GNDP_LIBRARY(gndp_archive_read(path, &archive));
    if (s->json)
        GNDP_STEP(gp_json_write(info_json_archive(path, archive)));
    else
        GNDP_STEP(info_report_archive(path, archive));
done:
    gndp_archive_free(archive);
    return code;
}

int info_run(int argc, char **argv)
{
    int code = GNDP_EXIT_DONE, n = 0;
    const char *const *path = NULL;
    info_settings s = {0};
    gndp_fieldset *set = NULL;
    gndp_file_kind kind = GNDP_FILE_UNKNOWN;
    GNDP_STEP(gndp_options_read_words(info_options, argc, argv, &s, &path, &n));
    gndp_failure_verbose(s.verbose);
    if (n == 0)
        return gndp_usage_error("the name of a file is wanted");
    const gndp_logger log = cli_notes(s.quiet);
    GNDP_STEP(cli_select_open(&s.select, path, n, &log, &kind, &set));
    if (set != NULL)
        GNDP_STEP(describe_set(&s, path[0], kind, set));
    else if (n > 1)
        code =
            gndp_usage_error("several files make one set only when they hold fields; %s holds %s",
                             path[0], gndp_file_kind_name(kind));
    else if (kind == GNDP_FILE_OBSERVATIONS)
        GNDP_STEP(describe_table(&s, path[0]));
    else
        GNDP_STEP(describe_archive(&s, path[0]));
done:
    gndp_fieldset_free(set);
    return code;
}
