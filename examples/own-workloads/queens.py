"""Counts the ways to place n queens on an n × n board."""

import json
import sys


def ways(n: int, row: int = 0, columns: int = 0, left: int = 0, right: int = 0) -> int:
    if row == n:
        return 1
    free = ~(columns | left | right) & ((1 << n) - 1)
    found = 0
    while free:
        bit = free & -free
        free ^= bit
        found += ways(n, row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    return found


with open(sys.argv[1], encoding="utf-8") as boards:
    for size in json.load(boards):
        print(size, ways(size))
