// SPDX-License-Identifier: Apache-2.0
// The run folder: config.yaml, model.nc, last.nc, log.jsonl, metrics.csv.
#ifndef GNDP_TRAIN_FOLDER_H
#define GNDP_TRAIN_FOLDER_H

#include <gndp/train.h>

#include "model/model.h"

typedef struct train_folder train_folder;

/** Make the folder if there is none, lock it against a second training, write config.yaml and what the model knows of log.jsonl. path NULL: a folder that
 * takes nothing. @param fresh  first remove the files of an earlier run */
gndp_status train_folder_open(const char *path, bool fresh, const gndp_model *model, train_folder **out);
void train_folder_free(train_folder *folder);

/** One line of log.jsonl. */
gndp_status train_folder_log(train_folder *folder, const double row[MODEL_HISTORY]);

/** last.nc with all that training needs, and metrics.csv of the history. */
gndp_status train_folder_checkpoint(train_folder *folder, const gndp_model *model);

/** model.nc: what sampling needs, the same bits however often the run was interrupted. */
gndp_status train_folder_finish(train_folder *folder, const gndp_model *model);

#endif
