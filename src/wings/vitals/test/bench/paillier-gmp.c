/* Paillier's operations with keys of 3072 bits on native GMP, one core: what `npm run bench -- paillier` is held against.
   cc -O2 paillier-gmp.c -lgmp. Prints a JSON object: milliseconds of processor time, medians of seven rounds. */
#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TEETH = 8, TABLES = 8, COLUMNS = 24, ENTRIES = 256, ROUNDS = 7 };

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return at.tv_sec * 1e3 + at.tv_nsec / 1e6;
}

static int compare(const void *one, const void *other) {
  const double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

static mpz_t p, q, n, square, p2, q2, base, cipher, result, exponent, other;
static mpz_t table[TABLES][ENTRIES];
static gmp_randstate_t chance;

static void times(mpz_t out, const mpz_t a, const mpz_t b) {
  mpz_mul(out, a, b);
  mpz_tdiv_r(out, out, square);
}

static void prime(mpz_t out) {
  mpz_urandomb(out, chance, 1536);
  mpz_setbit(out, 1535);
  mpz_setbit(out, 1534);
  mpz_nextprime(out, out);
}

static void keygen(void) {
  prime(p);
  prime(q);
}

/* The same comb as the product's. */
static void prepare(void) {
  mpz_t spaced[TEETH * TABLES];
  mpz_init_set(spaced[0], base);
  for (int i = 1; i < TEETH * TABLES; i++) {
    mpz_init_set(spaced[i], spaced[i - 1]);
    for (int k = 0; k < COLUMNS; k++) times(spaced[i], spaced[i], spaced[i]);
  }
  for (int j = 0; j < TABLES; j++) {
    mpz_init_set_ui(table[j][0], 1);
    for (int d = 1; d < ENTRIES; d++) {
      const int tooth = 31 - __builtin_clz(d);
      mpz_init(table[j][d]);
      times(table[j][d], table[j][d - (1 << tooth)], spaced[tooth * TABLES + j]);
    }
  }
}

static void encrypt(void) {
  mpz_urandomb(exponent, chance, 1536);
  mpz_set_ui(result, 1);
  for (int column = COLUMNS - 1; column >= 0; column--) {
    times(result, result, result);
    for (int j = 0; j < TABLES; j++) {
      int digit = 0;
      for (int i = 0; i < TEETH; i++)
        digit |= mpz_tstbit(exponent, (i * TABLES + j) * COLUMNS + column) << i;
      times(result, result, table[j][digit]);
    }
  }
  mpz_mul(other, exponent, n);
  mpz_add_ui(other, other, 1);
  times(result, result, other);
}

static void encrypt_textbook(void) { mpz_powm(result, base, n, square); }

static void half(const mpz_t prime, const mpz_t prime2, int is_hidden) {
  mpz_sub_ui(exponent, prime, 1);
  mpz_mod(other, cipher, prime2);
  if (is_hidden) mpz_powm_sec(result, other, exponent, prime2);
  else mpz_powm(result, other, exponent, prime2);
}

static void decrypt(void) {
  half(p, p2, 0);
  half(q, q2, 0);
}

static void decrypt_hidden(void) {
  half(p, p2, 1);
  half(q, q2, 1);
}

static void add(void) { times(result, cipher, base); }

static void report(const char *name, void (*work)(void), int count, const char *after) {
  double rounds[ROUNDS];
  work();
  for (int round = 0; round < ROUNDS; round++) {
    const double started = now();
    for (int i = 0; i < count; i++) work();
    rounds[round] = (now() - started) / count;
  }
  qsort(rounds, ROUNDS, sizeof rounds[0], compare);
  printf("\"%s\": %.5f%s", name, rounds[ROUNDS / 2], after);
}

int main(void) {
  gmp_randinit_mt(chance);
  gmp_randseed_ui(chance, 7);
  mpz_inits(p, q, n, square, p2, q2, base, cipher, result, exponent, other, NULL);
  printf("{");
  report("keygen", keygen, 1, ", ");
  mpz_mul(n, p, q);
  mpz_mul(square, n, n);
  mpz_mul(p2, p, p);
  mpz_mul(q2, q, q);
  mpz_urandomm(base, chance, square);
  mpz_urandomm(cipher, chance, square);
  prepare();
  report("encrypt", encrypt, 20, ", ");
  report("textbook", encrypt_textbook, 3, ", ");
  report("decrypt", decrypt, 10, ", ");
  report("decryptHidden", decrypt_hidden, 10, ", ");
  report("add", add, 2000, "}\n");
  return 0;
}
