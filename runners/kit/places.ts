/** Where a box that holds others sees the image store, and has a folder for itself. */

export const STORE_MOUNT = '/boxmark/store';
export const SCRATCH_MOUNT = '/boxmark/scratch';
