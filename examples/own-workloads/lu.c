/* Solves a dense system by LU factorisation, checks the answer, prints the rate. gcc -O2 -o lu lu.c -lm */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define N 200

static double a[N][N], x[N], b[N];

/* The same system in every run. */
static void fill(void) {
  unsigned state = 1;
  for (int i = 0; i < N; i++) {
    b[i] = 0;
    for (int j = 0; j < N; j++) {
      state = state * 1664525u + 1013904223u;
      a[i][j] = state / 4294967296.0 + (i == j ? N : 0);
      b[i] += a[i][j];
    }
  }
}

/* Without pivots: the diagonal is large. */
static void factorise(void) {
  for (int k = 0; k < N; k++)
    for (int i = k + 1; i < N; i++) {
      double factor = a[i][k] /= a[k][k];
      for (int j = k + 1; j < N; j++) a[i][j] -= factor * a[k][j];
    }
}

static void solve(void) {
  for (int i = 0; i < N; i++) {
    x[i] = b[i];
    for (int j = 0; j < i; j++) x[i] -= a[i][j] * x[j];
  }
  for (int i = N - 1; i >= 0; i--) {
    for (int j = i + 1; j < N; j++) x[i] -= a[i][j] * x[j];
    x[i] /= a[i][i];
  }
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

int main(int count, char **words) {
  int passes = count > 1 ? atoi(words[1]) : 10;
  double spent = 0;
  for (int pass = 0; pass < passes; pass++) {
    fill();
    double begun = seconds();
    factorise();
    solve();
    spent += seconds() - begun;
    /* Every unknown is 1. */
    for (int i = 0; i < N; i++)
      if (fabs(x[i] - 1) > 1e-9) return fprintf(stderr, "x[%d] is %.12f\n", i, x[i]), 1;
  }
  double operations = passes * (2.0 / 3 * N * N * N + 2.0 * N * N);
  printf("%d systems of %d unknowns: %.1f MFLOPS\n", passes, N, operations / spent / 1e6);
  return 0;
}
