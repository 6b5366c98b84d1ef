/** One file of the spool or journal. */
export interface Segment {
  readonly path: string;
}

/** Where sealed lines stand on disk. */
export interface Stored {
  segment: Segment;
  /** Number of each line within its segment, in the order of the lines. */
  numbers: number[];
}
