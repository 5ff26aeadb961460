/* SciMark's random generator: lagged Fibonacci over 17 integers modulo 2^31 - 1. */

#include "kernels.h"

#define MODULUS 2147483647

static const double scale = 1.0 / MODULUS;

void random_seed(Random *random, int seed)
{
    int start = seed < 0 ? -seed : seed;
    if (start % 2 == 0)
        start--;
    int low = start % 65536;
    int high = start / 65536;
    for (int lag = 0; lag < 17; lag++) {
        int product = low * 9069;
        high = (product / 65536 + high * 9069) % 32768;
        low = product % 65536;
        random->m[lag] = low + 65536 * high;
    }
    random->i = 4;
    random->j = 16;
}

double random_next(Random *random)
{
    int i = random->i;
    int j = random->j;
    int k = random->m[i] - random->m[j];
    if (k < 0)
        k += MODULUS;
    random->m[j] = k;
    random->i = i == 0 ? 16 : i - 1;
    random->j = j == 0 ? 16 : j - 1;
    return scale * k;
}
