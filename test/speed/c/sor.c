/* Successive over-relaxation: five-point stencil, in place, row by row. */

#include "kernels.h"

void sor_relax(int rows, int columns, double omega, double **grid, int iterations)
{
    double quarter_omega = omega * 0.25;
    double one_minus_omega = 1.0 - omega;
    for (int sweep = 0; sweep < iterations; sweep++) {
        for (int r = 1; r < rows - 1; r++) {
            double *here = grid[r];
            double *up = grid[r - 1];
            double *down = grid[r + 1];
            for (int c = 1; c < columns - 1; c++)
                here[c] = quarter_omega * (up[c] + down[c] + here[c - 1] + here[c + 1]) + one_minus_omega * here[c];
        }
    }
}
