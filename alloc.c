// SPDX-License-Identifier: GPL-2.0
/*
 * Where the memory of a quantum comes from: one small table an allocator.
 *
 * Every allocator hands out zeroed memory (the page allocator zeroes, often
 * for free: init_on_alloc), charges it to the writer's memory cgroup and fails
 * without a splat: a full machine is the writer's news, not the log's. Each of
 * its pages has a reference count of its own, for mappings to hold.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "scullv.h"

#define QUANTUM_GFP	(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN | account())

/* 1 GiB: beyond it a quantum says nothing new and one copy of it takes long */
#define MAX_ORDER_1G	(30 - PAGE_SHIFT)

/*
 * While there is no memory cgroup to be charged, the page allocator charges
 * nobody. vmalloc counts each page for none all the same, unless it is told.
 */
static gfp_t account(void)
{
	return memcg_kmem_online() ? __GFP_ACCOUNT : 0;
}

/* -- vmalloc: pages from anywhere, side by side in the page tables only -- */

static void *alloc_vmalloc(unsigned int order)
{
	return __vmalloc(PAGE_SIZE << order, QUANTUM_GFP);
}

static void free_vmalloc(void *quantum, unsigned int order)
{
	vfree(quantum);
}

static struct page *page_of_vmalloc(const void *quantum, unsigned long n)
{
	return vmalloc_to_page(quantum + (n << PAGE_SHIFT));
}

/* -- huge: the same, in huge pages where the order and the kernel allow -- */

static void *alloc_huge(unsigned int order)
{
	return vmalloc_huge(PAGE_SIZE << order, QUANTUM_GFP);
}

/* -- pages: one block of the page allocator, as the book's scullp has it -- */

/*
 * A block that is not to be had is no reason to kill anybody, who would leave
 * memory in pieces too.
 */
static void *alloc_block(unsigned int order)
{
	return alloc_pages_exact(PAGE_SIZE << order,
				 QUANTUM_GFP | __GFP_RETRY_MAYFAIL);
}

static void free_block(void *quantum, unsigned int order)
{
	free_pages_exact(quantum, PAGE_SIZE << order);
}

static struct page *page_of_block(const void *quantum, unsigned long n)
{
	return virt_to_page(quantum + (n << PAGE_SHIFT));
}

static const struct scullv_allocator allocators[] = {
	{
		.name = "vmalloc",
		.max_order = MAX_ORDER_1G,
		.alloc = alloc_vmalloc,
		.free = free_vmalloc,
		.page = page_of_vmalloc,
	},
	{
		.name = "pages",
		.max_order = MAX_PAGE_ORDER,
		.alloc = alloc_block,
		.free = free_block,
		.page = page_of_block,
	},
	{
		.name = "huge",
		.max_order = MAX_ORDER_1G,
		.alloc = alloc_huge,
		.free = free_vmalloc,
		.page = page_of_vmalloc,
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
