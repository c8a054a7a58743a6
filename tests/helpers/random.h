/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers, reproducible for an initial state other than 0: xorshift64* (Sebastiano
 * Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled",
 * 2016).
 */
static __thread unsigned long long random_state = 1;

/* a number below another, without the lowest bits, the worst ones */
static unsigned long long pick(unsigned long long below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dULL >> 16) % below;
}
