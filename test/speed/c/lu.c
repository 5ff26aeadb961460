/* LU factorisation with partial pivoting; rows are exchanged by their pointers. Returns 1 for a singular matrix. */

#include <math.h>

#include "kernels.h"

int lu_factor(int n, double **matrix, int *pivots)
{
    for (int j = 0; j < n; j++) {
        int pivot = j;
        double largest = fabs(matrix[j][j]);
        for (int i = j + 1; i < n; i++) {
            double candidate = fabs(matrix[i][j]);
            if (candidate > largest) {
                pivot = i;
                largest = candidate;
            }
        }
        pivots[j] = pivot;
        if (matrix[pivot][j] == 0.0)
            return 1;
        double *pivot_row = matrix[pivot];
        matrix[pivot] = matrix[j];
        matrix[j] = pivot_row;

        double reciprocal = 1.0 / matrix[j][j];
        for (int i = j + 1; i < n; i++)
            matrix[i][j] *= reciprocal;
        for (int i = j + 1; i < n; i++) {
            double *row = matrix[i];
            double *from = matrix[j];
            double multiplier = row[j];
            for (int k = j + 1; k < n; k++)
                row[k] -= multiplier * from[k];
        }
    }
    return 0;
}
