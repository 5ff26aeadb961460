/* Sparse matrix times vector, compressed rows. */

#include "kernels.h"

void sparse_multiply(int n, double *y, const double *values, const int *rows, const int *columns, const double *x)
{
    for (int r = 0; r < n; r++) {
        double sum = 0.0;
        int end = rows[r + 1];
        for (int k = rows[r]; k < end; k++)
            sum += x[columns[k]] * values[k];
        y[r] = sum;
    }
}
