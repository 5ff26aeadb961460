/* Fast Fourier transform: complex, in place, radix 2; the sines are computed within, as in SciMark. */

#include <math.h>

#include "kernels.h"

static const double pi = 3.1415926535897932;

static void bit_reverse(int n, double *data)
{
    for (int i = 0, j = 0; i < n - 1; i++) {
        if (i < j) {
            double real = data[2 * i];
            double imag = data[2 * i + 1];
            data[2 * i] = data[2 * j];
            data[2 * i + 1] = data[2 * j + 1];
            data[2 * j] = real;
            data[2 * j + 1] = imag;
        }
        int k = n >> 1;
        while (k <= j) {
            j -= k;
            k >>= 1;
        }
        j += k;
    }
}

static void transform(int n, double *data, int direction)
{
    if (n == 1)
        return;
    bit_reverse(n, data);
    for (int dual = 1; dual < n; dual *= 2) {
        double w_real = 1.0;
        double w_imag = 0.0;
        double theta = 2.0 * direction * pi / (2.0 * (double)dual);
        double s = sin(theta);
        double t = sin(theta / 2.0);
        double s2 = 2.0 * t * t;

        for (int b = 0; b < n; b += 2 * dual) {
            int i = 2 * b;
            int j = 2 * (b + dual);
            double z_real = data[j];
            double z_imag = data[j + 1];
            data[j] = data[i] - z_real;
            data[j + 1] = data[i + 1] - z_imag;
            data[i] += z_real;
            data[i + 1] += z_imag;
        }
        for (int a = 1; a < dual; a++) {
            double next_real = w_real - s * w_imag - s2 * w_real;
            double next_imag = w_imag + s * w_real - s2 * w_imag;
            w_real = next_real;
            w_imag = next_imag;
            for (int b = 0; b < n; b += 2 * dual) {
                int i = 2 * (b + a);
                int j = 2 * (b + a + dual);
                double x_real = data[j];
                double x_imag = data[j + 1];
                double z_real = w_real * x_real - w_imag * x_imag;
                double z_imag = w_real * x_imag + w_imag * x_real;
                data[j] = data[i] - z_real;
                data[j + 1] = data[i + 1] - z_imag;
                data[i] += z_real;
                data[i + 1] += z_imag;
            }
        }
    }
}

void fft_forward(int n, double *data)
{
    transform(n, data, -1);
}

void fft_inverse(int n, double *data)
{
    transform(n, data, 1);
    double norm = 1.0 / n;
    for (int k = 0; k < 2 * n; k++)
        data[k] *= norm;
}
