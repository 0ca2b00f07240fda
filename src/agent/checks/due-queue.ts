/** Things that are due at moments, the earliest first: a binary heap, so that a look costs no more with many of them. */
export class DueQueue<T> {
  private readonly heap: { readonly at: number; readonly item: T }[] = [];

  /** When the first one is due; undefined if there is none. */
  get next(): number | undefined {
    return this.heap[0]?.at;
  }

  add(item: T, at: number): void {
    const { heap } = this;
    let index = heap.push({ at, item }) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.at(parent) <= at) break;
      this.swap(index, parent);
      index = parent;
    }
  }

  /** Takes the first one out. */
  take(): T | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || first === undefined || heap.length === 0) return first?.item;
    heap[0] = last;
    let index = 0;
    while (true) {
      const left = 2 * index + 1;
      const child = this.at(left + 1) < this.at(left) ? left + 1 : left;
      if (this.at(child) >= this.at(index)) return first.item;
      this.swap(index, child);
      index = child;
    }
  }

  private at(index: number): number {
    return this.heap[index]?.at ?? Number.POSITIVE_INFINITY;
  }

  private swap(a: number, b: number): void {
    const { heap } = this;
    [heap[a], heap[b]] = [heap[b] as (typeof heap)[0], heap[a] as (typeof heap)[0]];
  }
}
