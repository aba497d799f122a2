// SPDX-License-Identifier: Apache-2.0
// Files of a run, each written beside and renamed, but for the log, which only grows.
#include "train/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

struct train_folder {
    char *path; /* NULL: nothing is written */
    int lock;   /* the folder itself, held while a training writes to it; -1: none */
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
static gndp_status write_text(const train_folder *folder, const char *name, bool (*write)(FILE *, const gndp_model *), const gndp_model *model)
{
    gndp_status st = GNDP_OK;
    file_path to, part;
    FILE *file = NULL;
    GNDP_TRY(join(folder, name, &to));
    GNDP_CHECK(snprintf(part.text, sizeof part.text, "%s", to.text) + 6 < (int)sizeof part.text, GNDP_ERR_RANGE, "path too long");
    strcat(part.text, ".part");
    file = fopen(part.text, "w");
    GNDP_CHECK(file != NULL, GNDP_ERR_IO, "%s cannot be written: %s", part.text, strerror(errno));
    errno = 0;
    const bool written = write(file, model) && fflush(file) == 0 && !ferror(file) && fsync(fileno(file)) == 0;
    GNDP_CHECK(written, GNDP_ERR_IO, "%s: %s", part.text, strerror(errno));
    GNDP_CHECK(rename(part.text, to.text) == 0, GNDP_ERR_IO, "%s cannot be renamed: %s", part.text, strerror(errno));
done:
    if (file != NULL)
        fclose(file);
    if (st != GNDP_OK && file != NULL)
        remove(part.text);
    return st;
}

static bool write_config(FILE *file, const gndp_model *model)
{
    const size_t bytes = gndp_config_print(model->config, NULL, 0) + 1;
    char *text = malloc(bytes);
    if (text == NULL)
        return false;
    gndp_config_print(model->config, text, bytes);
    fputs(text, file);
    free(text);
    return true;
}

/* JSON has no NaN. */
static void number(FILE *file, const char *name, double value)
{
    if (isfinite(value))
        fprintf(file, ", \"%s\": %.9g", name, value);
    else
        fprintf(file, ", \"%s\": null", name);
}

static void write_line(FILE *file, const double row[MODEL_HISTORY])
{
    static const char *const name[MODEL_HISTORY] = {"step", "loss", "zero_loss", "validation", "gradient_norm", "rate", "seconds"};
    fprintf(file, "{\"step\": %.0f", row[0]);
    for (int c = 1; c < MODEL_HISTORY; c++)
        number(file, name[c], row[c]);
    fputs("}\n", file);
}

/* What a killed run logged behind its last checkpoint comes again, and its last line may be torn: the log starts with what the model knows. */
static bool write_log(FILE *file, const gndp_model *model)
{
    for (int64_t i = 0; i < model->history_rows; i++)
        write_line(file, model->history + i * MODEL_HISTORY);
    return true;
}

/* Two trainings in one folder would ruin each other. Where the file system knows no locks there is none. */
static gndp_status take_lock(train_folder *folder)
{
    gndp_status st = GNDP_OK;
    folder->lock = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    GNDP_CHECK(folder->lock >= 0, GNDP_ERR_IO, "%s: %s", folder->path, strerror(errno));
    GNDP_CHECK(flock(folder->lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK, GNDP_ERR_STATE, "another training writes to %s", folder->path);
done:
    return st;
}

static gndp_status clear(const train_folder *folder)
{
    gndp_status st = GNDP_OK;
    static const char *const names[] = {"last.nc", "model.nc", "metrics.csv", "log.jsonl"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        file_path path;
        GNDP_TRY(join(folder, names[i], &path));
        GNDP_CHECK(unlink(path.text) == 0 || errno == ENOENT, GNDP_ERR_IO, "%s cannot be removed: %s", path.text, strerror(errno));
    }
done:
    return st;
}

gndp_status train_folder_open(const char *path, bool fresh, const gndp_model *model, train_folder **out)
{
    gndp_status st = GNDP_OK;
    train_folder *folder = NULL;
    file_path log;
    *out = NULL;
    folder = calloc(1, sizeof *folder);
    GNDP_CHECK(folder != NULL, GNDP_ERR_NOMEM, "folder");
    folder->lock = -1;
    if (path != NULL) {
        GNDP_CHECK(path[0] != '\0', GNDP_ERR_ARG, "the run folder has no name");
        folder->path = strdup(path);
        GNDP_CHECK(folder->path != NULL, GNDP_ERR_NOMEM, "path");
        GNDP_TRY(make_folders(path));
        GNDP_TRY(take_lock(folder));
        if (fresh)
            GNDP_TRY(clear(folder));
        GNDP_TRY(write_text(folder, "config.yaml", write_config, model));
        GNDP_TRY(write_text(folder, "log.jsonl", write_log, model));
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
    if (folder->lock >= 0)
        close(folder->lock);
    free(folder->path);
    free(folder);
}

gndp_status train_folder_log(train_folder *folder, const double row[MODEL_HISTORY])
{
    gndp_status st = GNDP_OK;
    if (folder->log == NULL)
        return GNDP_OK;
    write_line(folder->log, row);
    GNDP_CHECK(fflush(folder->log) == 0, GNDP_ERR_IO, "%s/log.jsonl: %s", folder->path, strerror(errno));
done:
    return st;
}

static bool write_metrics(FILE *file, const gndp_model *model)
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
    return true;
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
