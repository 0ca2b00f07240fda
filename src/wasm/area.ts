/** Memory that grows, for what comes one after another; what lies in it may move whenever room is made. */
export class Area {
  start: usize;
  end: usize;
  private limit: usize;

  constructor(capacity: usize) {
    this.start = heap.alloc(capacity);
    this.end = this.start;
    this.limit = this.start + capacity;
  }

  get length(): usize {
    return this.end - this.start;
  }

  /** Makes sure that as many bytes may be written at `end`, and tells where that is. */
  room(bytes: usize): usize {
    if (this.end + bytes > this.limit) this.grow(bytes);
    return this.end;
  }

  /** Memory for as many bytes more. */
  take(bytes: usize): usize {
    const at = this.room(bytes);
    this.end = at + bytes;
    return at;
  }

  clear(): void {
    this.end = this.start;
  }

  private grow(bytes: usize): void {
    const length = this.length;
    const capacity = max<usize>(2 * (this.limit - this.start), length + bytes);
    const start = heap.alloc(capacity);
    memory.copy(start, this.start, length);
    this.start = start;
    this.end = start + length;
    this.limit = start + capacity;
  }
}
