// SPDX-License-Identifier: GPL-2.0
/*
 * Where the memory of a quantum comes from: one small table an allocator.
 *
 * Every allocator hands out zeroed memory (the page allocator zeroes, often
 * for free: init_on_alloc), charges it to the writer's memory cgroup and fails
 * without a splat: a full machine is the writer's news, not the log's.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "scullv.h"

#define QUANTUM_GFP	(GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN)

/* 1 GiB: beyond it a quantum says nothing new and one copy of it takes long */
#define MAX_ORDER_1G	(30 - PAGE_SHIFT)

static void *scullv_vmalloc(unsigned int order)
{
	return __vmalloc(PAGE_SIZE << order, QUANTUM_GFP);
}

static void scullv_vfree(void *quantum, unsigned int order)
{
	vfree(quantum);
}

static struct page *scullv_vmalloc_page(const void *quantum, unsigned long n)
{
	return vmalloc_to_page(quantum + (n << PAGE_SHIFT));
}

static const struct scullv_allocator allocators[] = {
	{
		.name = "vmalloc",
		.max_order = MAX_ORDER_1G,
		.alloc = scullv_vmalloc,
		.free = scullv_vfree,
		.page = scullv_vmalloc_page,
	},
};

/**
 * scullv_find_allocator - an allocator by its name
 * @name: what the user wrote; one newline at its end is forgiven
 *
 * Context: Any.
 * Return: the allocator, NULL where there is none of that name.
 */
const struct scullv_allocator *scullv_find_allocator(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(allocators); i++)
		if (sysfs_streq(name, allocators[i].name))
			return &allocators[i];
	return NULL;
}
