/**
 * What the stack's containers do without. No process of theirs needs a right of root: each starts as its own
 * user, so there is nobody to change to and nothing to take over.
 * (A limit of processes cannot be said here: docker.Container has no input for it. The loader's run has one.)
 */
export const hardening = {
  capabilities: { drops: ["ALL"] },
  securityOpts: ["no-new-privileges:true"],
  // What Docker makes of any other value depends on whether the kernel counts swap, and would show as a change.
  memorySwap: -1,
};

/** For containers that write nothing but /tmp. Docker uploads no files into a root that is read-only. */
export const readOnlyRoot = {
  readOnly: true,
  tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=16m" },
};
