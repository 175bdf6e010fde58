/** Shortest key of the hashes of barcodes. A stack's configuration checks it before a run is made. */
export const SHORTEST_BARCODE_KEY = 32;
