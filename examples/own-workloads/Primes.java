/** Counts the primes below a number. javac -d classes Primes.java */
public final class Primes {
  public static void main(String[] words) {
    int limit = Integer.parseInt(words[0]);
    boolean[] composite = new boolean[limit];
    int found = 0;
    for (int number = 2; number < limit; number++) {
      if (composite[number]) continue;
      found++;
      for (long multiple = (long) number * number; multiple < limit; multiple += number) {
        composite[(int) multiple] = true;
      }
    }
    System.out.println(found + " primes below " + limit);
  }
}
