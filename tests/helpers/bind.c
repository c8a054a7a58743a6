// SPDX-License-Identifier: GPL-2.0
/*
 * usage: bind [-p] NODE COMMAND [ARG]...
 *
 * Runs COMMAND with memory of NODE only, like "numactl --membind". With -p, NODE is
 * only preferred, as with "numactl --preferred".
 */
#include <err.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int mode = MPOL_BIND;
	unsigned long nodes;

	if (argc > 1 && !strcmp(argv[1], "-p")) {
		mode = MPOL_PREFERRED;
		argc--;
		argv++;
	}
	if (argc < 3)
		errx(2, "usage: bind [-p] NODE COMMAND [ARG]...");
	nodes = 1UL << atoi(argv[1]);
	if (syscall(SYS_set_mempolicy, mode, &nodes, 8 * sizeof(nodes)))
		err(2, "node %s", argv[1]);
	execvp(argv[2], argv + 2);
	err(2, "%s", argv[2]);
}
