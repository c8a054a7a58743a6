/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The protocol of trims, mappings, reads and writes on one device, as a model for
 * Spin. tests/protocol searches every interleaving of three scenes for a broken
 * property, and shows that each mechanism is needed: without it one breaks.
 *
 * A store is the contents of the device between two trims; here its index is its
 * generation. A position is one byte, one page and one quantum, and a step of a
 * read or write covers one. Position 0 is mapped twice, shared and private. One
 * statement, atomic or d_step block stands for one memory access, or for what
 * happens under the lock of a page table. A section ends with its last access,
 * as a later end only delays a trim.
 *
 * Not modelled: waits that are killed or refused (IOCB_NOWAIT), lack of memory,
 * fork() and mremap().
 */

/* Mechanisms: -DWITHOUT=SEAL removes one, -DWITHOUT=NOTHING none. */
#define NOTHING		0
#define SEAL		1	/* a new store is sealed until the old one is unmapped */
#define GENERATION	2	/* a call ends once its store has been replaced, */
#define GENERATION_FIRST 3	/* which it checks before it looks at the seal */
#define LEAVE_SECTION	4	/* a writer leaves its section to wait for the seal, */
#define LEAVE_LOCK	5	/* releases append_lock as well, */
#define SEAL_LOCK	6	/* and sleeps until the trim releases seal_lock */
#define WAIT		7	/* a trim waits for the sections of the old store, */
#define UNMAP		8	/* then unmaps it, */
#define TRIM_LOCK	9	/* and holds trim_lock until it is freed */
#define SECTION		10	/* a fault enters the page inside its section */
#define REFERENCE	11	/* a page that is being copied cannot be reused */
#define RECHECK		12	/* a private copy only replaces the page it was made of */
#define APPEND_LOCK	13	/* an append holds it from reading to moving the end */
#define END_LOCK	14	/* and so does any other write that moves the end */
#define DECIDE		15	/* each step decides in its section if it needs it */
#define LOCK_STEPS	16	/* append_lock is held across the steps of a call */
#define SAME_END	17	/* if it was not, a call ends when others moved the end */
#define has(mechanism)	(WITHOUT != mechanism)

/* Properties: -DCHECK=COHERENT checks one, -DCHECK=ALL all but the last. */
#define ALL		0
#define COHERENT	1	/* once new contents have been read, written or touched,
				 * no mapping shows or takes old ones (to find the
				 * device empty is not to see new contents) */
#define STORED		2	/* read() sees a store through a shared mapping, unless
				 * a trim is under way of which nothing has been seen:
				 * then the store came before it */
#define UNMAPPED	3	/* after a trim no page table holds an old page, or a
				 * private copy of one */
#define COPY_KEPT	4	/* a trim removes no private copy of new contents */
#define ALIVE		5	/* no store is used after it has been freed */
#define FREED		6	/* when a trim returns, all older stores are freed */
#define ONE_STORE	7	/* no call reads or writes two generations */
#define INTACT		8	/* past the end that a write has found at its first step,
				 * it overwrites nothing that others have written */
#define COMPLETE	9	/* only a trim or a missing page makes a write short */
#define PROMPT		10	/* a call that has written waits for no trim, nor for
				 * a lock whose owner does */
#define NO_DEADLOCK	11	/* nobody waits forever (Spin: invalid end state) */
#define NO_LIVELOCK	12	/* nobody runs forever (Spin: non-progress cycle) */
#define must(property, condition) \
	assert(CHECK != ALL && CHECK != property || (condition))

/* Scenes: -DSCENE=WRITES chooses one. See init for who is in it. */
#define MAPPINGS	1
#define WRITES		2
#define TRIMS		3
#if SCENE == WRITES
#define STEPS		2	/* of a write */
#define ROOM		8	/* positions */
#else
#define STEPS		1
#define ROOM		2
#endif
#if SCENE == TRIMS
#define STORES		3	/* one more than there are trims */
#else
#define STORES		2
#endif
#define PAGES		(STORES * ROOM)

#define NONE		255	/* a hole; an empty entry of a page table */
#define COPY		128	/* entry COPY + n: a private copy, of generation n */
#define SHARED		0
#define PRIVATE		1

typedef scullv_store {
	byte size;
	bool sealed, has_quanta;
	byte page[ROOM];
	byte author[ROOM]		/* who wrote there last */
};
scullv_store stores[STORES];
byte store;				/* dev->store */
byte inside, awaited;			/* who is in a section; whom a trim waits for */
bool trim_lock, seal_lock, append_lock;
byte refcount[PAGES];
byte contents[PAGES];			/* the generation that a page belongs to */
byte entry[2] = NONE;			/* the page tables */

/* For the properties only: no process acts on these. */
byte seen;				/* the newest generation that anyone has seen */
byte returned;				/* the newest that a trim has returned from */
byte freed;				/* how many stores, oldest first */
bool owner_waits;			/* the owner of append_lock waits for the seal */

#define lock(l)		atomic { !l -> l = true }
#define unlock(l)	l = false
#define raise(a, b)	a = (b > a -> b : a)
#define is_page(e)	(e < COPY)
#define generation_of(e) (is_page(e) -> contents[e] : e - COPY)
#define is_old(m, g)	(entry[m] != NONE && generation_of(entry[m]) < g)
#define set_entry(e)	entry[m] = e; must(UNMAPPED, !is_old(m, returned))

/* scullv_store_get() and scullv_store_put() */
inline store_get()	{ d_step { inside = inside | 1 << _pid; g = store } }
#define store_put()	inside = inside & ~(1 << _pid); awaited = awaited & ~(1 << _pid)

/* scullv_fill(): p is the page at pos, allocated if there is none */
inline fill(pos) {
	d_step {
		must(ALIVE, g >= freed);
		if
		:: stores[g].page[pos] == NONE ->
			p = pos;
			do :: refcount[p] -> p = p + ROOM :: else -> break od;
			refcount[p] = 1; contents[p] = g;
			stores[g].page[pos] = p; stores[g].has_quanta = true
		:: else -> p = stores[g].page[pos]
		fi
	}
}

inline destroy_store(g) {
	d_step {
		for (i : 0 .. ROOM - 1) {
			if
			:: stores[g].page[i] != NONE -> refcount[stores[g].page[i]]--
			:: else
			fi;
			stores[g].page[i] = NONE; stores[g].author[i] = 0
		}
		freed++
	}
}

/* unmap_mapping_range(), for one of the page tables: removes private copies too */
inline unmap(m) {
	d_step {
		if
		:: is_page(entry[m]) -> refcount[entry[m]]--
		:: else -> must(COPY_KEPT, entry[m] == NONE || is_old(m, new))
		fi;
		entry[m] = NONE
	}
}

/* scullv_trim() */
proctype trim() {
	byte old, new, i;

	lock(trim_lock);
	old = store;
	if
	:: !stores[old].has_quanta -> new = old; unlock(trim_lock); goto out
	:: new = old + 1			/* an empty one too: geometry may differ */
	fi;
	lock(seal_lock);
	stores[new].sealed = has(SEAL);
	store = new;
	awaited = inside;			/* synchronize_srcu() */
	!awaited || !has(WAIT);
	if
	:: has(UNMAP) -> unmap(SHARED); unmap(PRIVATE)
	:: has(UNMAP) -> unmap(PRIVATE); unmap(SHARED)
	:: !has(UNMAP)
	fi;
	stores[new].sealed = false;
	unlock(seal_lock);
	if
	:: has(TRIM_LOCK) -> destroy_store(old); unlock(trim_lock)
	:: !has(TRIM_LOCK) -> unlock(trim_lock); destroy_store(old)
	fi;
out:	atomic {
		raise(returned, new);
		must(FREED, freed >= new);
		must(UNMAPPED, !is_old(SHARED, new) && !is_old(PRIVATE, new))
	}
}

/* Loads or stores twice through mapping m; a SIGBUS counts. */
proctype thread(byte m) {
	byte accesses, e, g, p;
	bool storing;

next:	if
	:: accesses == 2 -> goto out
	:: accesses < 2 -> accesses++; storing = false
	:: accesses < 2 -> accesses++; storing = true
	fi;
access:	atomic {
		e = entry[m];
		if
		:: e == NONE -> goto fault
		:: is_page(e) && m == PRIVATE && storing ->
			refcount[e] = refcount[e] + has(REFERENCE); goto copy
		:: else
		fi;
		must(COHERENT, !is_old(m, seen));
		must(STORED, !storing || m == PRIVATE || e == stores[store].page[0] ||
			seal_lock && seen < store);
		raise(seen, generation_of(e));
		goto next
	};
fault:	store_get();				/* scullv_fault() */
	atomic { if :: !stores[g].size -> store_put(); goto next :: else fi };
	fill(0);
	if :: has(SECTION) :: else -> store_put() fi;
	d_step {				/* vm_insert_pages(), read-only if private */
		if :: entry[m] == NONE -> refcount[p]++; set_entry(p) :: else fi;
		store_put()
	};
	goto access;
copy:	g = contents[e];			/* do_wp_page(), all of it the kernel's */
	d_step {
		if
		:: entry[m] == e || !has(RECHECK) ->
			if :: is_page(entry[m]) -> refcount[entry[m]]-- :: else fi;
			set_entry(COPY + g)
		:: else
		fi;
		refcount[e] = refcount[e] - has(REFERENCE)
	};
	goto access;
out:	skip
}

#define replaced	(done && g != generation && has(GENERATION))

/* read() of two positions */
proctype reader() {
	byte done, g, generation;

	do
	:: store_get();
		atomic {
			if
			:: done >= stores[g].size || replaced -> store_put(); break
			:: else
			fi;
			must(ALIVE, g >= freed);
			must(ONE_STORE, !done || g == generation);
			raise(seen, g); generation = g; done++; store_put();
			if :: done == 2 -> break :: else fi
		}
	od
}

#define release()	if :: locked -> locked = false; unlock(append_lock) :: else fi

/* write(), at pos or at the end */
proctype writer(byte pos; bool append) {
	byte done, g, p, generation, end, found;
	bool moves, locked, missing;

	if :: has(DECIDE) :: else -> moves = append || pos + STEPS > stores[store].size fi;
again:	do
	:: done == STEPS -> break
	:: else ->
		store_get();
		atomic {			/* place_write() */
			if
			:: replaced && has(GENERATION_FIRST) -> store_put(); break
			:: else
			fi;
			if
			:: has(DECIDE) -> moves = append || has(END_LOCK) &&
				(end || pos + STEPS - done > stores[g].size)
			:: else
			fi;
			if
			:: moves && !locked && has(APPEND_LOCK) ->
				if
				:: !append_lock ->	/* mutex_trylock() */
					append_lock = true; locked = true
				:: else ->
					store_put();
					must(PROMPT, !done || !owner_waits);
					lock(append_lock); locked = true; goto again
				fi
			:: else
			fi;
			if
			:: !replaced && end && end != stores[g].size && has(SAME_END) ->
				must(COMPLETE, missing); store_put(); break
			:: !done -> found = stores[g].size; pos = (append -> found : pos)
			:: else
			fi
		};
		if
		:: stores[g].page[pos] == NONE && stores[g].sealed ->
			must(PROMPT, !done);
			if :: has(LEAVE_SECTION) -> store_put() :: else fi;
			if :: has(LEAVE_LOCK) -> release() :: else -> owner_waits = locked fi;
			if :: has(SEAL_LOCK) -> lock(seal_lock); unlock(seal_lock) :: else fi;
			d_step { owner_waits = false; store_put() };
			goto again
		:: locked && done && !missing ->	/* a page of the buffer: fault it in */
			missing = true; store_put(); release(); goto again
		:: stores[g].page[pos] != NONE || !stores[g].sealed -> fill(pos)
		fi;
		d_step {			/* the copy */
			must(ALIVE, g >= freed);
			must(ONE_STORE, !done || g == generation);
			must(INTACT, pos < found || !stores[g].author[pos]);
			raise(seen, g); stores[g].author[pos] = _pid; generation = g
		};
		d_step {			/* scullv_extend() */
			pos++; done++;
			raise(stores[g].size, pos);
			end = (locked -> stores[g].size : end);
			store_put()
		};
		if :: has(LOCK_STEPS) :: else -> release() fi
	od;
	release()
}

/* Store 0 begins with two positions written. */
init {
	byte i, j;

	atomic {
		for (i : 0 .. STORES - 1) {
			for (j : 0 .. ROOM - 1) { stores[i].page[j] = NONE }
		}
		for (j : 0 .. 1) { stores[0].page[j] = j; refcount[j] = 1 }
		stores[0].size = 2; stores[0].has_quanta = true;
		run trim();
		if
		:: SCENE == MAPPINGS ->
			run thread(PRIVATE);
			if :: run thread(PRIVATE) :: run thread(SHARED) fi;
			if :: run writer(0, false) :: run writer(1, false) fi
		:: SCENE == WRITES ->
			run writer(0, true); run writer(0, true);
			if :: run writer(1, false) :: run writer(2, false) fi
		:: SCENE == TRIMS ->
			run trim(); run reader();
			if :: run thread(PRIVATE) :: run thread(SHARED) fi;
			if :: run writer(0, false) :: run writer(1, false) fi
		fi
	}
}
