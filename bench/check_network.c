// SPDX-License-Identifier: Apache-2.0
// Evaluates a network with given weights, for the comparison with another program
// (check_against_peer.py).
//
// usage: check_network bi|joint Dx Dy LAYERS HIDDEN HEADS B N f32|f64|bf16 [IN OUT]
// Without files: one line "name dim.." for each parameter, in order. IN: raw f64 numbers, all
// parameters in that order, then x [B,N,Dx], y [B,N,Dy], t [B], and a cotangent c [B,N,Dy]. OUT:
// the output [B,N,Dy], then the gradients of sum(c output) in every parameter (zeros where there is
// none), in x and in y.
#include "networks.h"

#include <gndp/ops.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OUTPUTS = 512 };

static void require(bool true_or_stop, const char *what)
{
    if (true_or_stop)
        return;
    fprintf(stderr, "check_network: %s\n", what);
    exit(1);
}

static void check(gndp_status st)
{
    require(st == GNDP_OK, gndp_last_error());
}

static gndp_array read_array(FILE *f, gndp_type type)
{
    gndp_array a;
    check(gndp_array_create(type, &a));
    for (int64_t i = 0; i < gndp_type_count(type); i++) {
        double v;
        require(fread(&v, sizeof v, 1, f) == 1, "IN is too short");
        if (type.dtype == GNDP_F64)
            ((double *)a.data)[i] = v;
        else
            ((float *)a.data)[i] = (float)v;
    }
    return a;
}

/* An array without data is written as zeros. */
static void write_array(FILE *f, gndp_array a)
{
    for (int64_t i = 0; i < gndp_type_count(a.type); i++) {
        const double v = a.data == NULL             ? 0.0
                         : a.type.dtype == GNDP_F64 ? ((double *)a.data)[i]
                                                    : (double)((float *)a.data)[i];
        require(fwrite(&v, sizeof v, 1, f) == 1, "cannot write OUT");
    }
}

static void read_parameters(gndp_store *store, FILE *f)
{
    for (int64_t i = 0; i < gndp_store_count(store); i++) {
        gndp_array value;
        check(gndp_store_array(store, gndp_store_name(store, i), GNDP_SLOT_VALUE, &value));
        gndp_array given = read_array(f, value.type);
        memcpy(value.data, given.data, gndp_type_bytes(value.type));
        gndp_array_free(&given);
    }
}

static void list(gndp_store *store)
{
    for (int64_t i = 0; i < gndp_store_count(store); i++) {
        gndp_array value;
        check(gndp_store_array(store, gndp_store_name(store, i), GNDP_SLOT_VALUE, &value));
        printf("%s", gndp_store_name(store, i));
        for (int k = 0; k < value.type.rank; k++)
            printf(" %lld", (long long)value.type.dim[k]);
        printf("\n");
    }
}

static void evaluate(const gndp_net_spec *net, gndp_store *store, int64_t batch, int64_t points,
                     bool bf16, FILE *from, FILE *to)
{
    const gndp_type types[4] = {gndp_type_3d(net->dtype, batch, points, net->x_dim),
                                gndp_type_3d(net->dtype, batch, points, net->y_dim),
                                gndp_type_1d(net->dtype, batch),
                                gndp_type_3d(net->dtype, batch, points, net->y_dim)};
    static const char *const names[4] = {"x", "y", "t", "c"};
    const int n = (int)gndp_store_count(store) + 2;
    gndp_graph *g = NULL;
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    gndp_node in[4], leaf[MAX_OUTPUTS], grad[MAX_OUTPUTS], wanted[MAX_OUTPUTS + 1];
    gndp_array out[MAX_OUTPUTS + 1], all[MAX_OUTPUTS + 1];
    gndp_feed feeds[4];
    int n_out = 1;
    require(n <= MAX_OUTPUTS, "too many parameters");
    read_parameters(store, from);
    check(gndp_graph_create(&g));
    for (int k = 0; k < 4; k++) {
        in[k] = gndp_input(g, names[k], types[k]);
        feeds[k] = (gndp_feed){names[k], read_array(from, types[k])};
    }
    for (int k = 0; k < n; k++)
        leaf[k] = k < n - 2 ? gndp_param(g, store, gndp_store_name(store, k), GNDP_SLOT_VALUE)
                            : in[k - (n - 2)];
    const gndp_net_inputs seen = {.t = in[2], .x = in[0], .y = in[1]};
    wanted[0] = gndp_net_build(g, store, net, &seen);
    gndp_grad(g, gndp_sum_all(g, gndp_mul(g, wanted[0], in[3])), leaf, n, grad);
    for (int k = 0; k < n; k++)
        if (!gndp_is_none(grad[k]))
            wanted[n_out++] = grad[k];
    check(gndp_device_open("cpu", NULL, &device));
    check(gndp_plan_create(g, wanted, n_out, device, &(gndp_plan_options){.bf16 = bf16}, &plan));
    for (int k = 0; k < n_out; k++)
        check(gndp_array_create(gndp_node_type(wanted[k]), &out[k]));
    check(gndp_plan_run(plan, feeds, 4, out, n_out));
    all[0] = out[0];
    for (int k = 0, place = 1; k < n; k++)
        all[k + 1] =
            gndp_is_none(grad[k]) ? gndp_array_view(gndp_node_type(leaf[k]), NULL) : out[place++];
    for (int k = 0; k <= n; k++)
        write_array(to, all[k]);
    for (int k = 0; k < n_out; k++)
        gndp_array_free(&out[k]);
    for (int k = 0; k < 4; k++)
        gndp_array_free(&feeds[k].array);
    gndp_plan_free(plan);
    gndp_device_free(device);
    gndp_graph_free(g);
}

int main(int argc, char **argv)
{
    require(argc == 10 || argc == 12,
            "bi|joint Dx Dy LAYERS HIDDEN HEADS B N f32|f64|bf16 [IN OUT]");
    long number[9] = {0};
    for (int i = 2; i < 9; i++)
        number[i] = strtol(argv[i], NULL, 10);
    const gndp_dtype dtype = strcmp(argv[9], "f64") == 0 ? GNDP_F64 : GNDP_F32;
    gndp_net_spec net = JOINT_ATTENTION(dtype, number[2], number[3], number[4], number[5], number[6]);
    if (strcmp(argv[1], "bi") == 0)
        net = (gndp_net_spec)BI_ATTENTION(dtype, number[2], number[4], number[5], number[6]);
    gndp_store *store = NULL;
    check(gndp_store_create(&store));
    check(gndp_net_add_parameters(&net, store));
    if (argc == 10) {
        list(store);
    } else {
        FILE *from = fopen(argv[10], "rb"), *to = fopen(argv[11], "wb");
        require(from != NULL && to != NULL, "cannot open IN or OUT");
        evaluate(&net, store, number[7], number[8], strcmp(argv[9], "bf16") == 0, from, to);
        fclose(from);
        require(fclose(to) == 0, "cannot write OUT");
    }
    gndp_store_free(store);
    return 0;
}
