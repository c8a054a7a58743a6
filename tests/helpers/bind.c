// SPDX-License-Identifier: GPL-2.0
/*
 * usage: bind NODE COMMAND [ARG]...
 *
 * Runs COMMAND with memory of NODE only, like "numactl --membind".
 */
#include <err.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long nodes;

	if (argc < 3)
		errx(2, "usage: bind NODE COMMAND [ARG]...");
	nodes = 1UL << atoi(argv[1]);
	if (syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, 8 * sizeof(nodes)))
		err(2, "node %s", argv[1]);
	execvp(argv[2], argv + 2);
	err(2, "%s", argv[2]);
}
