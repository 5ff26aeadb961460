import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;

/** The kernels of ../c, in Java, with the arguments and the protocol of ../c/driver.c: context for `npm run bench -- compilers`. */
public final class Kernels {
  private static final String[] NAMES = {"fft", "sor", "monte-carlo", "sparse", "lu"};

  /** SciMark's random generator: lagged Fibonacci over 17 integers modulo 2^31 - 1. */
  private static final class Random {
    private static final int MODULUS = 2147483647;
    private static final double SCALE = 1.0 / MODULUS;
    private final int[] m = new int[17];
    private int i = 4;
    private int j = 16;

    Random(int seed) {
      int start = Math.abs(seed);
      if (start % 2 == 0) start--;
      int low = start % 65536;
      int high = start / 65536;
      for (int lag = 0; lag < 17; lag++) {
        int product = low * 9069;
        high = (product / 65536 + high * 9069) % 32768;
        low = product % 65536;
        m[lag] = low + 65536 * high;
      }
    }

    double next() {
      int k = m[i] - m[j];
      if (k < 0) k += MODULUS;
      m[j] = k;
      i = i == 0 ? 16 : i - 1;
      j = j == 0 ? 16 : j - 1;
      return SCALE * k;
    }

    double[] vector(int count) {
      double[] vector = new double[count];
      for (int k = 0; k < count; k++) vector[k] = next();
      return vector;
    }

    double[][] matrix(int n) {
      double[][] matrix = new double[n][];
      for (int r = 0; r < n; r++) matrix[r] = vector(n);
      return matrix;
    }
  }

  private interface Kernel {
    void pass();

    double[][] state();
  }

  private static Kernel fft(int n) {
    double[] data = new Random(101010).vector(2 * n);
    return new Kernel() {
      public void pass() {
        transform(n, data, -1);
        transform(n, data, 1);
        double norm = 1.0 / n;
        for (int k = 0; k < 2 * n; k++) data[k] *= norm;
      }

      public double[][] state() {
        return new double[][] {data};
      }
    };
  }

  private static void reverse(int n, double[] data) {
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

  private static void transform(int n, double[] data, int direction) {
    reverse(n, data);
    for (int dual = 1; dual < n; dual *= 2) {
      double wReal = 1.0;
      double wImag = 0.0;
      double theta = 2.0 * direction * Math.PI / (2.0 * dual);
      double s = Math.sin(theta);
      double t = Math.sin(theta / 2.0);
      double s2 = 2.0 * t * t;
      for (int b = 0; b < n; b += 2 * dual) {
        int i = 2 * b;
        int j = 2 * (b + dual);
        double zReal = data[j];
        double zImag = data[j + 1];
        data[j] = data[i] - zReal;
        data[j + 1] = data[i + 1] - zImag;
        data[i] += zReal;
        data[i + 1] += zImag;
      }
      for (int a = 1; a < dual; a++) {
        double nextReal = wReal - s * wImag - s2 * wReal;
        double nextImag = wImag + s * wReal - s2 * wImag;
        wReal = nextReal;
        wImag = nextImag;
        for (int b = 0; b < n; b += 2 * dual) {
          int i = 2 * (b + a);
          int j = 2 * (b + a + dual);
          double xReal = data[j];
          double xImag = data[j + 1];
          double zReal = wReal * xReal - wImag * xImag;
          double zImag = wReal * xImag + wImag * xReal;
          data[j] = data[i] - zReal;
          data[j + 1] = data[i + 1] - zImag;
          data[i] += zReal;
          data[i + 1] += zImag;
        }
      }
    }
  }

  private static Kernel sor(int n) {
    double[][] grid = new Random(101010).matrix(n);
    return new Kernel() {
      public void pass() {
        relax(grid, 1.25);
      }

      public double[][] state() {
        return grid;
      }
    };
  }

  private static void relax(double[][] grid, double omega) {
    double quarter = omega * 0.25;
    double rest = 1.0 - omega;
    for (int r = 1; r < grid.length - 1; r++) {
      double[] here = grid[r];
      double[] up = grid[r - 1];
      double[] down = grid[r + 1];
      for (int c = 1; c < here.length - 1; c++) {
        here[c] = quarter * (up[c] + down[c] + here[c - 1] + here[c + 1]) + rest * here[c];
      }
    }
  }

  private static Kernel monteCarlo(int samples) {
    double[] result = new double[1];
    return new Kernel() {
      public void pass() {
        Random random = new Random(113);
        int under = 0;
        for (int sample = 0; sample < samples; sample++) {
          double x = random.next();
          double y = random.next();
          if (x * x + y * y <= 1.0) under++;
        }
        result[0] = (double) under / samples * 4.0;
      }

      public double[][] state() {
        return new double[][] {result};
      }
    };
  }

  private static Kernel sparse(int n, int perRow) {
    Random random = new Random(101010);
    double[] x = random.vector(n);
    double[] values = random.vector(n * perRow);
    double[] y = new double[n];
    int[] rows = new int[n + 1];
    int[] columns = new int[n * perRow];
    for (int r = 0; r < n; r++) {
      rows[r + 1] = (r + 1) * perRow;
      for (int k = 0; k < perRow; k++) columns[r * perRow + k] = k * Math.max(1, r / perRow);
    }
    return new Kernel() {
      public void pass() {
        multiply(y, values, rows, columns, x);
      }

      public double[][] state() {
        return new double[][] {y};
      }
    };
  }

  private static void multiply(double[] y, double[] values, int[] rows, int[] columns, double[] x) {
    for (int r = 0; r < y.length; r++) {
      double sum = 0.0;
      int end = rows[r + 1];
      for (int k = rows[r]; k < end; k++) sum += x[columns[k]] * values[k];
      y[r] = sum;
    }
  }

  private static Kernel lu(int n) {
    double[][] source = new Random(101010).matrix(n);
    double[][] matrix = new double[n][n];
    for (int r = 0; r < n; r++) System.arraycopy(source[r], 0, matrix[r], 0, n);
    int[] pivots = new int[n];
    return new Kernel() {
      public void pass() {
        for (int r = 0; r < n; r++) System.arraycopy(source[r], 0, matrix[r], 0, n);
        factor(matrix, pivots);
      }

      public double[][] state() {
        return matrix;
      }
    };
  }

  private static void factor(double[][] matrix, int[] pivots) {
    int n = matrix.length;
    for (int j = 0; j < n; j++) {
      int pivot = j;
      double largest = Math.abs(matrix[j][j]);
      for (int i = j + 1; i < n; i++) {
        double candidate = Math.abs(matrix[i][j]);
        if (candidate > largest) {
          pivot = i;
          largest = candidate;
        }
      }
      pivots[j] = pivot;
      if (matrix[pivot][j] == 0.0) throw new IllegalStateException("singular");
      double[] from = matrix[pivot];
      matrix[pivot] = matrix[j];
      matrix[j] = from;
      double reciprocal = 1.0 / from[j];
      for (int i = j + 1; i < n; i++) matrix[i][j] *= reciprocal;
      for (int i = j + 1; i < n; i++) {
        double[] row = matrix[i];
        double multiplier = row[j];
        for (int k = j + 1; k < n; k++) row[k] -= multiplier * from[k];
      }
    }
  }

  private static Kernel kernel(String name, String size) {
    boolean large = size.equals("large");
    boolean tiny = size.equals("tiny");
    return switch (name) {
      case "fft" -> fft(large ? 1048576 : tiny ? 16 : 1024);
      case "sor" -> sor(large ? 1000 : tiny ? 10 : 100);
      case "monte-carlo" -> monteCarlo(large ? 1000000 : tiny ? 1000 : 10000);
      case "sparse" -> sparse(large ? 100000 : tiny ? 10 : 1000, large ? 10 : 5);
      case "lu" -> lu(large ? 1000 : tiny ? 10 : 100);
      default -> throw new IllegalArgumentException("no kernel " + name);
    };
  }

  /** FNV-1a 64 over the bytes of the doubles, least significant first. */
  private static String checksum(double[][] state) {
    long hash = 0xcbf29ce484222325L;
    for (double[] row : state) {
      for (double value : row) {
        long bits = Double.doubleToRawLongBits(value);
        for (int shift = 0; shift < 64; shift += 8) hash = (hash ^ ((bits >>> shift) & 0xff)) * 1099511628211L;
      }
    }
    return String.format("%016x", hash);
  }

  public static void main(String[] words) throws IOException {
    String size = words.length > 0 ? words[0] : "small";
    Kernel[] kernels = new Kernel[NAMES.length];
    for (int k = 0; k < NAMES.length; k++) kernels[k] = kernel(NAMES[k], size);
    BufferedReader requests = new BufferedReader(new InputStreamReader(System.in));
    System.out.println("ready");
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      String[] request = line.split(" ");
      Kernel kernel = kernels[java.util.Arrays.asList(NAMES).indexOf(request[0])];
      if (request[1].equals("sum")) System.out.println(checksum(kernel.state()));
      else System.out.println(timed(kernel, Long.parseLong(request[1])));
    }
  }

  private static long timed(Kernel kernel, long passes) {
    long start = System.nanoTime();
    for (long pass = 0; pass < passes; pass++) kernel.pass();
    return System.nanoTime() - start;
  }
}
