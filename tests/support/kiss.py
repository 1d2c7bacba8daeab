"""JKISS and what slow Poisson sources draw from it, in Python's integers."""

from __future__ import annotations

WORD = 0xFFFFFFFF


class Kiss:
    """One stream."""

    def __init__(self, seed: list[int]) -> None:
        self.x, self.y, self.z, self.c = seed
        self.y = self.y or 13031301
        self.c = self.c % 698769068 + 1

    def draw(self) -> int:
        self.x = (314527869 * self.x + 1234567) & WORD
        self.y ^= self.y << 5 & WORD
        self.y ^= self.y >> 7
        self.y ^= self.y << 22 & WORD
        carry = 4294584393 * self.z + self.c
        self.z, self.c = carry & WORD, carry >> 32
        return (self.x + self.y + self.z) & WORD

    def exponential(self) -> int:
        whole = 0
        while True:
            run = [self.draw(), self.draw()]
            while run[-2] >= run[-1]:
                run.append(self.draw())
            if len(run) % 2 == 0:
                return whole + (run[0] >> 17)
            whole += 1 << 15

    def interval(self, mean: int) -> int:
        return (((self.exponential() * 1000 + (1 << 14)) >> 15) * mean) & WORD
