/** Where the host puts small results: ids, counts, handles. Read it before the next call to the host. */
export const out: usize = memory.data(32, 8);
