/** What a command has done, for the exit code. */
export interface Tally {
  failed: number;
}
