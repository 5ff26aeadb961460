/*
 * What a processor can do at most, for the rooflines of docs/kernels.md: prints a name and a figure in each line.
 * Rates and latencies without fused multiply-add and in vectors of two doubles at most, as all kernels are compiled.
 */

#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifndef __x86_64__
#error "roof.c knows x86-64 only"
#endif

#define REPEATS 400

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e9 + now.tv_nsec;
}

/* Seven independent products and seven differences: enough to fill all pipes of today's processors. */
#define TURNS 20000
#define MUL(form) form " %%xmm14, %%xmm0\n" form " %%xmm14, %%xmm1\n" form " %%xmm14, %%xmm2\n" form " %%xmm14, %%xmm3\n" \
    form " %%xmm14, %%xmm4\n" form " %%xmm14, %%xmm5\n" form " %%xmm14, %%xmm6\n"
#define SUB(form) form " %%xmm14, %%xmm7\n" form " %%xmm14, %%xmm8\n" form " %%xmm14, %%xmm9\n" form " %%xmm14, %%xmm10\n" \
    form " %%xmm14, %%xmm11\n" form " %%xmm14, %%xmm12\n" form " %%xmm14, %%xmm13\n"
#define CLOBBERS "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", \
    "xmm13", "xmm14"
#define CLEAR "xorps %%xmm14, %%xmm14\n"

static double best_of(void (*work)(void))
{
    double best = 1e18;
    for (int k = 0; k < REPEATS; k++) {
        double start = now_ns();
        work();
        double took = now_ns() - start;
        if (took < best)
            best = took;
    }
    return best;
}

static void scalars(void)
{
    __asm__ volatile(CLEAR ::: CLOBBERS);
    for (int k = 0; k < TURNS; k++)
        __asm__ volatile(MUL("mulsd") SUB("subsd") ::: CLOBBERS);
}

static void vectors(void)
{
    __asm__ volatile(CLEAR ::: CLOBBERS);
    for (int k = 0; k < TURNS; k++)
        __asm__ volatile(MUL("mulpd") SUB("subpd") ::: CLOBBERS);
}

static void added(void)
{
    double x = 0;
    for (int k = 0; k < TURNS; k++)
        __asm__ volatile("addsd %0, %0\naddsd %0, %0\naddsd %0, %0\naddsd %0, %0\n" : "+x"(x));
}

static void multiplied(void)
{
    double x = 0;
    for (int k = 0; k < TURNS; k++)
        __asm__ volatile("mulsd %0, %0\nmulsd %0, %0\nmulsd %0, %0\nmulsd %0, %0\n" : "+x"(x));
}

/* STREAM's triad over three arrays of `bytes` together; counts 24 bytes for an element, as STREAM does. */
static double triad(size_t bytes)
{
    size_t n = bytes / 24;
    double *a = malloc(n * 8), *b = malloc(n * 8), *c = malloc(n * 8);
    if (a == NULL || b == NULL || c == NULL)
        exit(1);
    for (size_t k = 0; k < n; k++) {
        a[k] = 0;
        b[k] = 1;
        c[k] = 2;
    }
    int rounds = bytes < 4000000 ? 4000000 / bytes : 1;
    double best = 1e18;
    for (int repeat = 0; repeat < (bytes < 4000000 ? REPEATS : 40); repeat++) {
        double start = now_ns();
        for (int round = 0; round < rounds; round++) {
            for (size_t k = 0; k < n; k++)
                a[k] = b[k] + 3.0 * c[k];
            __asm__ volatile("" ::"r"(a) : "memory");
        }
        double took = (now_ns() - start) / rounds;
        if (took < best)
            best = took;
    }
    free(a);
    free(b);
    free(c);
    return n * 24.0 / best;
}

int main(void)
{
    printf("scalarGflops %.4g\n", 14.0 * TURNS / best_of(scalars));
    printf("vectorGflops %.4g\n", 28.0 * TURNS / best_of(vectors));
    printf("addNs %.4g\n", best_of(added) / (4.0 * TURNS));
    printf("multiplyNs %.4g\n", best_of(multiplied) / (4.0 * TURNS));
    printf("l1GBps %.4g\n", triad(24 << 10));
    printf("l2GBps %.4g\n", triad(384 << 10));
    printf("l3GBps %.4g\n", triad(12 << 20));
    printf("memoryGBps %.4g\n", triad(192 << 20));
    return 0;
}
