/*
 * Runs bursts of kernels on request, so that they can alternate with those of another process.
 * Arguments: tiny, small or large, then kernels, all by default. Prints `ready`, then takes one request a line:
 *   fft 100    runs 100 passes, answers with the nanoseconds they took
 *   fft sum    answers with the FNV-1a 64 of the state
 * With BOXMARK_BENCH_CLOCK=cpu in the environment the nanoseconds are those of the process.
 * With `score MS` after the size it prints the MFLOPS of each kernel instead, measured for MS milliseconds at least, and
 * their mean.
 */

#define _POSIX_C_SOURCE 200809L

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels.h"

#define KERNELS 5

static const char *names[KERNELS] = {"fft", "sor", "monte-carlo", "sparse", "lu"};

static int fft_n, sor_n, mc_samples, sparse_n, sparse_per_row, lu_n;
static double *fft_data;
static double **sor_grid;
static double mc_result;
static double *sparse_x, *sparse_y, *sparse_values;
static int *sparse_rows, *sparse_columns;
static double **lu_source, **lu_matrix;
static int *lu_pivots;

static void *room(size_t bytes)
{
    void *memory = malloc(bytes);
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return memory;
}

static double *random_vector(int count, Random *random)
{
    double *vector = room(count * sizeof(double));
    for (int k = 0; k < count; k++)
        vector[k] = random_next(random);
    return vector;
}

static double **random_matrix(int n, Random *random)
{
    double **matrix = room(n * sizeof(double *));
    for (int r = 0; r < n; r++)
        matrix[r] = random_vector(n, random);
    return matrix;
}

static void lu_copy(void)
{
    for (int r = 0; r < lu_n; r++)
        memcpy(lu_matrix[r], lu_source[r], lu_n * sizeof(double));
}

static void set_sizes(const char *size)
{
    int large = strcmp(size, "large") == 0;
    int tiny = strcmp(size, "tiny") == 0;
    fft_n = large ? 1048576 : tiny ? 16 : 1024;
    sor_n = large ? 1000 : tiny ? 10 : 100;
    mc_samples = large ? 1000000 : tiny ? 1000 : 10000;
    sparse_n = large ? 100000 : tiny ? 10 : 1000;
    sparse_per_row = large ? 10 : 5;
    lu_n = large ? 1000 : tiny ? 10 : 100;
}

static void prepare_sparse(Random *random)
{
    int stored = sparse_n * sparse_per_row;
    sparse_x = random_vector(sparse_n, random);
    sparse_values = random_vector(stored, random);
    sparse_y = room(sparse_n * sizeof(double));
    memset(sparse_y, 0, sparse_n * sizeof(double));
    sparse_rows = room((sparse_n + 1) * sizeof(int));
    sparse_columns = room(stored * sizeof(int));
    sparse_rows[0] = 0;
    for (int r = 0; r < sparse_n; r++) {
        int start = r * sparse_per_row;
        int distance = r / sparse_per_row < 1 ? 1 : r / sparse_per_row;
        sparse_rows[r + 1] = start + sparse_per_row;
        for (int k = 0; k < sparse_per_row; k++)
            sparse_columns[start + k] = k * distance;
    }
}

/* Each kernel draws from a fresh Random(101010). */
static void prepare(int kernel)
{
    Random random;
    random_seed(&random, 101010);
    switch (kernel) {
    case 0:
        fft_data = random_vector(2 * fft_n, &random);
        break;
    case 1:
        sor_grid = random_matrix(sor_n, &random);
        break;
    case 3:
        prepare_sparse(&random);
        break;
    case 4:
        lu_source = random_matrix(lu_n, &random);
        lu_matrix = random_matrix(lu_n, &random);
        lu_pivots = room(lu_n * sizeof(int));
        lu_copy();
        break;
    }
}

static void run(int kernel, long passes)
{
    switch (kernel) {
    case 0:
        for (long p = 0; p < passes; p++) {
            fft_forward(fft_n, fft_data);
            fft_inverse(fft_n, fft_data);
        }
        break;
    case 1:
        for (long p = 0; p < passes; p++)
            sor_relax(sor_n, sor_n, 1.25, sor_grid, 1);
        break;
    case 2:
        for (long p = 0; p < passes; p++)
            mc_result = monte_carlo_pi(mc_samples);
        break;
    case 3:
        for (long p = 0; p < passes; p++)
            sparse_multiply(sparse_n, sparse_y, sparse_values, sparse_rows, sparse_columns, sparse_x);
        break;
    case 4:
        for (long p = 0; p < passes; p++) {
            lu_copy();
            if (lu_factor(lu_n, lu_matrix, lu_pivots) != 0)
                exit(1);
        }
        break;
    }
}

static uint64_t fnv(uint64_t hash, const double *data, int count)
{
    const unsigned char *bytes = (const unsigned char *)data;
    for (size_t k = 0; k < count * sizeof(double); k++)
        hash = (hash ^ bytes[k]) * 1099511628211u;
    return hash;
}

static uint64_t checksum(int kernel)
{
    uint64_t hash = 14695981039346656037u;
    switch (kernel) {
    case 0:
        return fnv(hash, fft_data, 2 * fft_n);
    case 1:
        for (int r = 0; r < sor_n; r++)
            hash = fnv(hash, sor_grid[r], sor_n);
        return hash;
    case 2:
        return fnv(hash, &mc_result, 1);
    case 3:
        return fnv(hash, sparse_y, sparse_n);
    default:
        for (int r = 0; r < lu_n; r++)
            hash = fnv(hash, lu_matrix[r], lu_n);
        return hash;
    }
}

static int kernel_of(const char *name)
{
    for (int k = 0; k < KERNELS; k++)
        if (strcmp(names[k], name) == 0)
            return k;
    fprintf(stderr, "no kernel %s\n", name);
    exit(1);
}

static clockid_t used_clock = CLOCK_MONOTONIC;

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(used_clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Nominal floating-point operations of a pass, by SciMark's formulas. */
static double flops(int kernel)
{
    double log2_n = 0;
    switch (kernel) {
    case 0:
        for (int n = fft_n; n > 1; n /= 2)
            log2_n++;
        return (5.0 * fft_n - 2) * log2_n + 2.0 * (fft_n + 1);
    case 1:
        return (sor_n - 1.0) * (sor_n - 1.0) * 6;
    case 2:
        return mc_samples * 4.0;
    case 3:
        return 2.0 * sparse_per_row * sparse_n;
    default:
        return 2.0 / 3 * lu_n * lu_n * lu_n;
    }
}

/* As SciMark does it: passes are doubled until they last long enough. */
static double mflops(int kernel, double least_ns)
{
    for (long passes = 1;; passes *= 2) {
        long long start = now_ns();
        run(kernel, passes);
        double took = now_ns() - start;
        if (took >= least_ns)
            return flops(kernel) * passes * 1e3 / took;
    }
}

static int score(double least_ns)
{
    double sum = 0;
    for (int k = 0; k < KERNELS; k++) {
        prepare(k);
        double rate = mflops(k, least_ns);
        printf("%s %.2f MFLOPS\n", names[k], rate);
        sum += rate;
    }
    printf("composite %.2f MFLOPS\n", sum / KERNELS);
    return 0;
}

int main(int argc, char **argv)
{
    char name[32], request[32];
    const char *wished = getenv("BOXMARK_BENCH_CLOCK");
    if (wished != NULL && strcmp(wished, "cpu") == 0)
        used_clock = CLOCK_PROCESS_CPUTIME_ID;
    set_sizes(argc > 1 ? argv[1] : "small");
    if (argc == 4 && strcmp(argv[2], "score") == 0)
        return score(atof(argv[3]) * 1e6);
    for (int k = 0; k < KERNELS; k++)
        if (argc <= 2)
            prepare(k);
    for (int a = 2; a < argc; a++)
        prepare(kernel_of(argv[a]));
    printf("ready\n");
    fflush(stdout);
    while (scanf("%31s %31s", name, request) == 2) {
        int kernel = kernel_of(name);
        if (strcmp(request, "sum") == 0) {
            printf("%016llx\n", (unsigned long long)checksum(kernel));
        } else {
            long passes = atol(request);
            long long start = now_ns();
            run(kernel, passes);
            printf("%lld\n", now_ns() - start);
        }
        fflush(stdout);
    }
    return 0;
}
