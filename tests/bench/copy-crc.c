// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a single pass that copies data and makes its CRC32C could gain over two,
 * on this machine's CPU, by the length of the pieces:
 *
 *	gcc -O2 -msse4.2 -o /tmp/copy-crc tests/bench/copy-crc.c && /tmp/copy-crc
 *
 * Three streams of the CPU's crc32 instruction, as the kernel's code uses them;
 * "two" copies by the string instruction that the kernel copies with and then
 * reads the copy.  Cost only: the streams' CRCs are not put together.
 */
#include <nmmintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SET (64UL << 20) /* bytes: more than the caches have */
#define ROUNDS 5
#define STREAMS 3

typedef uint64_t (*pass_fn)(uint64_t *to, const uint64_t *from, size_t words);

static void copy(void *to, const void *from, size_t bytes)
{
	asm volatile("rep movsb"
		     : "+D"(to), "+S"(from), "+c"(bytes)
		     :
		     : "memory");
}

static uint64_t copy_only(uint64_t *to, const uint64_t *from, size_t words)
{
	copy(to, from, words * 8);
	return 0;
}

static uint64_t two_passes(uint64_t *to, const uint64_t *from, size_t words)
{
	size_t n = words / STREAMS;
	uint64_t a = 0, b = 0, c = 0;

	copy(to, from, words * 8);
	for (size_t i = 0; i < n; i++) {
		a = _mm_crc32_u64(a, to[i]);
		b = _mm_crc32_u64(b, to[i + n]);
		c = _mm_crc32_u64(c, to[i + 2 * n]);
	}
	return a ^ b ^ c;
}

static uint64_t one_pass(uint64_t *to, const uint64_t *from, size_t words)
{
	size_t n = words / STREAMS;
	uint64_t a = 0, b = 0, c = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t x = from[i], y = from[i + n], z = from[i + 2 * n];

		a = _mm_crc32_u64(a, x);
		b = _mm_crc32_u64(b, y);
		c = _mm_crc32_u64(c, z);
		to[i] = x;
		to[i + n] = y;
		to[i + 2 * n] = z;
	}
	return a ^ b ^ c;
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

/* Best of some rounds, in microseconds for each MiB. */
static double measure(pass_fn pass, char *to, const char *from, size_t piece)
{
	static volatile uint64_t sink;
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double t = now_us();

		for (size_t off = 0; off + piece <= SET; off += piece)
			sink += pass((uint64_t *)(to + off),
				     (const uint64_t *)(from + off), piece / 8);
		t = (now_us() - t) / (SET >> 20);
		if (!best || t < best)
			best = t;
	}
	return best;
}

int main(void)
{
	static const size_t kib[] = { 4, 16, 64, 256, 1024 };
	char *from = aligned_alloc(4096, SET), *to = aligned_alloc(4096, SET);

	if (!from || !to)
		return 1;
	memset(from, 1, SET);
	memset(to, 2, SET);
	printf("us/MiB, pieces of:  copy  two passes  one pass\n");
	for (size_t i = 0; i < sizeof(kib) / sizeof(kib[0]); i++) {
		size_t piece = kib[i] << 10;

		printf("%13zu KiB %7.1f %11.1f %9.1f\n", kib[i],
		       measure(copy_only, to, from, piece),
		       measure(two_passes, to, from, piece),
		       measure(one_pass, to, from, piece));
	}
	free(from);
	free(to);
	return 0;
}
