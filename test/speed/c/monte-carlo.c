/* Monte Carlo integration: pi from random points; the generator is a call into another object file, as in SciMark. */

#include "kernels.h"

double monte_carlo_pi(int samples)
{
    Random random;
    random_seed(&random, 113);
    int under = 0;
    for (int sample = 0; sample < samples; sample++) {
        double x = random_next(&random);
        double y = random_next(&random);
        if (x * x + y * y <= 1.0)
            under++;
    }
    return (double)under / samples * 4.0;
}
