/** The heap as the portable sources name it, over raw memory: without bounds checks, because offsets are known to be correct. */

@unmanaged
@final
class HeapF64 {
  // @ts-expect-error
  @inline @operator("[]")
  get(index: i32): f64 {
    return load<f64>(index << 3);
  }
  // @ts-expect-error
  @inline @operator("[]=")
  set(index: i32, value: f64): void {
    store<f64>(index << 3, value);
  }
}

@unmanaged
@final
class HeapI32 {
  // @ts-expect-error
  @inline @operator("[]")
  get(index: i32): i32 {
    return load<i32>(index << 2);
  }
  // @ts-expect-error
  @inline @operator("[]=")
  set(index: i32, value: i32): void {
    store<i32>(index << 2, value);
  }
}

// @ts-expect-error
@global const heapF64 = changetype<HeapF64>(8);
// @ts-expect-error
@global const heapI32 = changetype<HeapI32>(8);
