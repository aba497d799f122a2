// SPDX-License-Identifier: Apache-2.0
// The learning rate: warm-up, cosine, constant.
#include <gndp/train.h>

#include <math.h>

double gndp_learning_rate(double initial, double peak, double end, int64_t warmup, int64_t decay, int64_t step)
{
    if (step < warmup)
        return initial + (peak - initial) * (double)step / (double)warmup;
    if (step >= decay || decay <= warmup)
        return end;
    const double share = (double)(step - warmup) / (double)(decay - warmup);
    return end + 0.5 * (peak - end) * (1.0 + cos(acos(-1.0) * share));
}
