// SPDX-License-Identifier: Apache-2.0
// Geometry of S^d in R^n (geomndp.md 10.1).
#include <gndp/manifolds.h>

#include <math.h>

static const double pi = 3.14159265358979323846;

static double dot(int n, const double *a, const double *b)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

void gndp_sphere_project(int n, int64_t count, const double *y, const double *v, double *out)
{
    for (int64_t k = 0; k < count; k++) {
        const double along = dot(n, y + k * n, v + k * n);
        for (int i = 0; i < n; i++) {
            out[k * n + i] = v[k * n + i] - along * y[k * n + i];
        }
    }
}

/* sin(a)/a; the next term of the series is below rounding. */
static double sinc(double a)
{
    return fabs(a) < 1e-4 ? 1.0 - a * a / 6.0 + a * a * a * a / 120.0 : sin(a) / a;
}

void gndp_sphere_exp(int n, int64_t count, const double *y, const double *v, double *out)
{
    for (int64_t k = 0; k < count; k++) {
        const double *from = y + k * n, *along = v + k * n;
        double tangent[GNDP_SPHERE_MAX] = {0}, to[GNDP_SPHERE_MAX] = {0};
        gndp_sphere_project(n, 1, from, along, tangent);
        const double a = sqrt(dot(n, tangent, tangent)), c = cos(a), s = sinc(a);
        for (int i = 0; i < n; i++) {
            to[i] = c * from[i] + s * tangent[i];
        }
        const double norm = sqrt(dot(n, to, to));
        for (int i = 0; i < n; i++) {
            out[k * n + i] = to[i] / norm;
        }
    }
}

/* The part of x orthogonal to y, from their difference: exact to rounding where they are near; near the antipode what the first projection leaves along y is
 * not small beside the rest. @return its length */
static double orthogonal(int n, const double *y, const double *x, double *w)
{
    double difference[GNDP_SPHERE_MAX] = {0};
    for (int i = 0; i < n; i++) {
        difference[i] = x[i] - y[i];
    }
    gndp_sphere_project(n, 1, y, difference, w);
    gndp_sphere_project(n, 1, y, w, w);
    return sqrt(dot(n, w, w));
}

double gndp_sphere_distance(int n, const double *y, const double *x)
{
    double w[GNDP_SPHERE_MAX];
    const double s = orthogonal(n, y, x, w);
    return atan2(s, dot(n, y, x));
}

int64_t gndp_sphere_log(int n, int64_t count, const double *y, const double *x, double *v)
{
    int64_t undefined = 0;
    for (int64_t k = 0; k < count; k++) {
        double w[GNDP_SPHERE_MAX];
        const double s = orthogonal(n, y + k * n, x + k * n, w), c = dot(n, y + k * n, x + k * n);
        const double theta = atan2(s, c);
        const bool antipode = c < 0.0 && s < 1e-14;
        const double ratio = antipode ? 0.0 : s > 0.0 ? theta / s : 1.0;
        undefined += antipode;
        for (int i = 0; i < n; i++) {
            v[k * n + i] = ratio * w[i];
        }
    }
    return undefined;
}

/* The reflection that takes y to -x: as y.v = 0, (x + y).v is x.v, and |x + y|² is 2 (1 + x.y), both without their cancellation near the antipode. */
void gndp_sphere_transport(int n, int64_t count, const double *y, const double *x, const double *v, double *out)
{
    for (int64_t k = 0; k < count; k++) {
        const double *from = y + k * n, *to = x + k * n;
        double sum[GNDP_SPHERE_MAX] = {0};
        for (int i = 0; i < n; i++) {
            sum[i] = from[i] + to[i];
        }
        const double square = dot(n, sum, sum), ratio = square > 1e-28 ? 2.0 * dot(n, sum, v + k * n) / square : 0.0;
        for (int i = 0; i < n; i++) {
            out[k * n + i] = v[k * n + i] - ratio * sum[i];
        }
        gndp_sphere_project(n, 1, to, out + k * n, out + k * n);
    }
}

double gndp_sphere_log_area(int n)
{
    return log(2.0) + 0.5 * n * log(pi) - lgamma(0.5 * n);
}

void gndp_sphere_to_degrees(int64_t count, const double *x, double *lat_deg, double *lon_deg)
{
    for (int64_t k = 0; k < count; k++) {
        const double *p = x + 3 * k;
        if (lat_deg != NULL) {
            lat_deg[k] = atan2(p[2], hypot(p[0], p[1])) * 180.0 / pi;
        }
        if (lon_deg != NULL) {
            lon_deg[k] = p[0] == 0.0 && p[1] == 0.0 ? 0.0 : atan2(p[1], p[0]) * 180.0 / pi;
        }
    }
}
