/** Order statistics without sorting: in time proportional to the number of values, whatever their order. */

/** As few are in order by insertion sooner. */
const FEW = 12;
/** A hostile order makes selection slow: after so many times the expected number of partitions the rest is sorted. */
const PATIENCE = 4;
/** So many values are computed on in the same place every time, because making one takes longer than a median. */
const ROOM = 4096;
const room = new Float64Array(ROOM);

/**
 * The value that would stand at `place` if the first `length` of `values` were sorted; before it are no greater, behind it no
 * smaller ones afterwards. There must be no NaN; which of 0 and −0 comes first is left open.
 */
export function select(values: Float64Array, place: number, length = values.length): number {
  let low = 0;
  let high = length - 1;
  let partitions = PATIENCE * (32 - Math.clz32(high));
  while (high - low > FEW) {
    if (partitions === 0) {
      values.subarray(low, high + 1).sort();
      return values[place] as number;
    }
    partitions -= 1;
    const right = partition(values, low, high);
    if (place <= right) high = right;
    else low = right + 1;
  }
  insert(values, low, high);
  return values[place] as number;
}

/** NaN of no values; elsewhere NaN is greater than any number. */
export function median(values: readonly number[] | Float64Array): number {
  return middleOf(copied(values), values.length);
}

/** Median distance of the values from `centre`. */
export function medianDistance(values: readonly number[] | Float64Array, centre: number): number {
  const own = copied(values);
  for (let at = 0; at < values.length; at++) own[at] = Math.abs((own[at] as number) - centre);
  return middleOf(own, values.length);
}

/** At the beginning of an array that nobody else uses at this time. */
function copied(values: readonly number[] | Float64Array): Float64Array {
  const own = values.length <= ROOM ? room : new Float64Array(values.length);
  own.set(values);
  return own;
}

/** Of the first values, whose order is lost. */
function middleOf(values: Float64Array, length: number): number {
  if (length === 0) return Number.NaN;
  const place = length >> 1;
  let upper = hasNaN(values, length) ? 0 : select(values, place, length);
  // Which of 0 and -0 is the middle one, and where NaN stands, is left to a sort.
  if (upper === 0) upper = values.subarray(0, length).sort()[place] as number;
  if (length % 2 === 1) return upper;
  let lower = values[0] as number;
  for (let at = 1; at < place; at++) if ((values[at] as number) > lower) lower = values[at] as number;
  return (lower + upper) / 2;
}

function hasNaN(values: Float64Array, length: number): boolean {
  for (let at = 0; at < length; at++) if (Number.isNaN(values[at])) return true;
  return false;
}

/** Returns the last place of the lower part, none of which is greater than any of the upper part. */
function partition(values: Float64Array, low: number, high: number): number {
  const pivot = middle(values[low] as number, values[(low + high) >> 1] as number, values[high] as number);
  let left = low - 1;
  let right = high + 1;
  for (;;) {
    do left += 1;
    while ((values[left] as number) < pivot);
    do right -= 1;
    while ((values[right] as number) > pivot);
    if (left >= right) return right;
    const moved = values[left] as number;
    values[left] = values[right] as number;
    values[right] = moved;
  }
}

function middle(one: number, two: number, three: number): number {
  return Math.max(Math.min(one, two), Math.min(Math.max(one, two), three));
}

function insert(values: Float64Array, low: number, high: number): void {
  for (let at = low + 1; at <= high; at++) {
    const value = values[at] as number;
    let to = at;
    for (; to > low && (values[to - 1] as number) > value; to--) values[to] = values[to - 1] as number;
    values[to] = value;
  }
}
