/* The five SciMark kernels in C, the yardstick of `npm run bench`: same algorithm, sizes and order of operations. */

#ifndef KERNELS_H
#define KERNELS_H

typedef struct {
    int m[17];
    int i;
    int j;
} Random;

void random_seed(Random *random, int seed);
double random_next(Random *random);

void fft_forward(int n, double *data);
void fft_inverse(int n, double *data);
void sor_relax(int rows, int columns, double omega, double **grid, int iterations);
double monte_carlo_pi(int samples);
void sparse_multiply(int n, double *y, const double *values, const int *rows, const int *columns, const double *x);
int lu_factor(int n, double **matrix, int *pivots);

#endif
