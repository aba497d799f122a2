// SPDX-License-Identifier: Apache-2.0
// Files of a run, each written beside and renamed, but for the log, which only grows.
#include "train/folder.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

struct train_folder {
    char *path; /* NULL: nothing is written */
    FILE *log;
};

typedef struct file_path {
    char text[4096];
} file_path;

static gndp_status join(const train_folder *folder, const char *name, file_path *out)
{
    gndp_status st = GNDP_OK;
    const int n = snprintf(out->text, sizeof out->text, "%s/%s", folder->path, name);
    GNDP_CHECK(n > 0 && (size_t)n < sizeof out->text, GNDP_ERR_RANGE, "the path %s/%s is too long", folder->path, name);
done:
    return st;
}

/* Make every missing folder of the path. */
static gndp_status make_folders(const char *path)
{
    gndp_status st = GNDP_OK;
    char *copy = strdup(path);
    GNDP_CHECK(copy != NULL, GNDP_ERR_NOMEM, "path");
    for (char *slash = copy + 1;; slash++) {
        const char was = *slash;
        if (was != '/' && was != '\0')
            continue;
        *slash = '\0';
        GNDP_CHECK(mkdir(copy, 0777) == 0 || errno == EEXIST, GNDP_ERR_IO, "folder %s cannot be made: %s", copy, strerror(errno));
        *slash = was;
        if (was == '\0')
            break;
    }
done:
    free(copy);
    return st;
}

/* A text file, beside and renamed. */
static gndp_status write_text(const train_folder *folder, const char *name, void (*write)(FILE *, const gndp_model *), const gndp_model *model)
{
    gndp_status st = GNDP_OK;
    file_path to, part;
    FILE *file = NULL;
    GNDP_TRY(join(folder, name, &to));
    GNDP_CHECK(snprintf(part.text, sizeof part.text, "%s", to.text) + 6 < (int)sizeof part.text, GNDP_ERR_RANGE, "path too long");
    strcat(part.text, ".part");
    file = fopen(part.text, "w");
    GNDP_CHECK(file != NULL, GNDP_ERR_IO, "%s cannot be written: %s", part.text, strerror(errno));
    write(file, model);
    const bool written = fflush(file) == 0 && !ferror(file) && fsync(fileno(file)) == 0;
    GNDP_CHECK(written, GNDP_ERR_IO, "%s: %s", part.text, strerror(errno));
    GNDP_CHECK(rename(part.text, to.text) == 0, GNDP_ERR_IO, "%s cannot be renamed: %s", part.text, strerror(errno));
done:
    if (file != NULL)
        fclose(file);
    if (st != GNDP_OK && file != NULL)
        remove(part.text);
    return st;
}

static void write_config(FILE *file, const gndp_model *model)
{
    const size_t bytes = gndp_config_print(model->config, NULL, 0) + 1;
    char *text = malloc(bytes);
    if (text == NULL)
        return;
    gndp_config_print(model->config, text, bytes);
    fputs(text, file);
    free(text);
}

gndp_status train_folder_open(const char *path, const gndp_model *model, train_folder **out)
{
    gndp_status st = GNDP_OK;
    train_folder *folder = NULL;
    file_path log;
    *out = NULL;
    folder = calloc(1, sizeof *folder);
    GNDP_CHECK(folder != NULL, GNDP_ERR_NOMEM, "folder");
    if (path != NULL) {
        GNDP_CHECK(path[0] != '\0', GNDP_ERR_ARG, "the run folder has no name");
        folder->path = strdup(path);
        GNDP_CHECK(folder->path != NULL, GNDP_ERR_NOMEM, "path");
        GNDP_TRY(make_folders(path));
        GNDP_TRY(write_text(folder, "config.yaml", write_config, model));
        GNDP_TRY(join(folder, "log.jsonl", &log));
        folder->log = fopen(log.text, "a");
        GNDP_CHECK(folder->log != NULL, GNDP_ERR_IO, "%s cannot be written: %s", log.text, strerror(errno));
    }
    *out = folder;
    folder = NULL;
done:
    train_folder_free(folder);
    return st;
}

void train_folder_free(train_folder *folder)
{
    if (folder == NULL)
        return;
    if (folder->log != NULL)
        fclose(folder->log);
    free(folder->path);
    free(folder);
}

/* JSON has no NaN. */
static void number(FILE *file, const char *name, double value)
{
    if (isfinite(value))
        fprintf(file, ", \"%s\": %.9g", name, value);
    else
        fprintf(file, ", \"%s\": null", name);
}

gndp_status train_folder_log(train_folder *folder, const gndp_train_report *report)
{
    gndp_status st = GNDP_OK;
    if (folder->log == NULL)
        return GNDP_OK;
    fprintf(folder->log, "{\"step\": %lld", (long long)report->step);
    number(folder->log, "loss", report->loss);
    number(folder->log, "zero_loss", report->zero_loss);
    number(folder->log, "validation", report->validation);
    number(folder->log, "gradient_norm", report->gradient_norm);
    number(folder->log, "rate", report->rate);
    number(folder->log, "seconds", report->seconds);
    fputs("}\n", folder->log);
    GNDP_CHECK(fflush(folder->log) == 0, GNDP_ERR_IO, "%s/log.jsonl: %s", folder->path, strerror(errno));
done:
    return st;
}

static void write_metrics(FILE *file, const gndp_model *model)
{
    fputs("step,loss,zero_loss,validation,gradient_norm,rate,seconds\n", file);
    for (int64_t i = 0; i < model->history_rows; i++) {
        const double *row = model->history + i * MODEL_HISTORY;
        fprintf(file, "%.0f", row[0]);
        for (int c = 1; c < MODEL_HISTORY; c++)
            if (isfinite(row[c]))
                fprintf(file, ",%.9g", row[c]);
            else
                fputc(',', file);
        fputc('\n', file);
    }
}

gndp_status train_folder_checkpoint(train_folder *folder, const gndp_model *model)
{
    gndp_status st = GNDP_OK;
    file_path last;
    if (folder->path == NULL)
        return GNDP_OK;
    GNDP_TRY(join(folder, "last.nc", &last));
    GNDP_TRY(gndp_model_write(model, last.text, true));
    GNDP_TRY(write_text(folder, "metrics.csv", write_metrics, model));
done:
    return st;
}

gndp_status train_folder_finish(train_folder *folder, const gndp_model *model)
{
    gndp_status st = GNDP_OK;
    file_path finished;
    if (folder->path == NULL)
        return GNDP_OK;
    GNDP_TRY(join(folder, "model.nc", &finished));
    GNDP_TRY(gndp_model_write(model, finished.text, false));
done:
    return st;
}
