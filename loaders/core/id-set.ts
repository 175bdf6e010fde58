/** Greatest number that a narrow slot holds. */
const NARROW = 0xffff_ffff;

/**
 * A set of ids in 6 to 11 bytes per id (twice that from 4 billion on), where `Set` takes 40 for a number and 70 for a text:
 * a listing of a million rows is remembered in 8 MB. Whole numbers and their decimal text are the same id. What is no such
 * number is kept as text.
 */
export class IdSet {
  /** Open addressing; a slot holds id + 1, 0 is empty. */
  private slots: Uint32Array | Float64Array = new Uint32Array(1024);
  private used = 0;
  private readonly others = new Set<string>();

  get size(): number {
    return this.used + this.others.size;
  }

  /** Adds an id; answers whether it was new. */
  add(id: number | string): boolean {
    const number = asNumber(id);
    if (number === undefined) {
      const before = this.others.size;
      return this.others.add(String(id)).size > before;
    }
    if (number >= NARROW && this.slots instanceof Uint32Array) {
      this.move(new Float64Array(this.slots.length));
    }
    const at = this.find(number + 1);
    if (this.slots[at] !== 0) return false;
    this.slots[at] = number + 1;
    this.used += 1;
    if (this.used * 4 > this.slots.length * 3) {
      const length = this.slots.length * 2;
      this.move(this.slots instanceof Uint32Array ? new Uint32Array(length) : new Float64Array(length));
    }
    return true;
  }

  has(id: number | string): boolean {
    const number = asNumber(id);
    return number === undefined ? this.others.has(String(id)) : this.slots[this.find(number + 1)] !== 0;
  }

  /** The slot of a value, or the empty one where it belongs. */
  private find(value: number): number {
    const mask = this.slots.length - 1;
    let at = hash(value) & mask;
    while (this.slots[at] !== 0 && this.slots[at] !== value) at = (at + 1) & mask;
    return at;
  }

  private move(slots: Uint32Array | Float64Array): void {
    const old = this.slots;
    this.slots = slots;
    for (const value of old) if (value !== 0) this.slots[this.find(value)] = value;
  }
}

/** Digits without a leading zero that a double holds exactly. */
const PLAIN_NUMBER = /^(?:0|[1-9]\d{0,14})$/;

function asNumber(id: number | string): number | undefined {
  if (typeof id === "string") return PLAIN_NUMBER.test(id) ? Number(id) : undefined;
  return Number.isSafeInteger(id) && id >= 0 && id < 1e15 ? id : undefined;
}

/** Mixes both halves of the number, as neighbouring ids are the rule. */
function hash(value: number): number {
  const mixed = Math.imul(value | 0, 0x9e3779b1) ^ Math.imul(Math.floor(value / 0x1_0000_0000), 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
