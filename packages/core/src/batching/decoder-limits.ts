/** Images that are decoded at once: one of them only an urgent one, and one only of a flow that has no other. */
export const decoderLimits = { limit: 6, urgentOnly: 1, firstOnly: 1 };

/** Threads of libuv for them, for headers, and for cutting out faces. Four unless a process is told so at its start. */
export const decoderThreads = decoderLimits.limit + 2;
