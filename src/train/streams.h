// SPDX-License-Identifier: Apache-2.0
// Names of the random streams of training: each draw has its own.
#ifndef GNDP_TRAIN_STREAMS_H
#define GNDP_TRAIN_STREAMS_H

enum {
    TRAIN_STREAM_ORDER = 0x7401,  /* order of an epoch */
    TRAIN_STREAM_POINTS = 0x7402, /* number and choice of points */
    TRAIN_STREAM_NOISE = 0x7403,  /* z of the forward process */
    TRAIN_STREAM_TARGET = 0x7404  /* context or target */
};

#endif
