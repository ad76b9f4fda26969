# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Mutates text: by its tokens and lines, so that much of it still parses."""

import random
import re
from collections.abc import Sequence

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[%^@#!]?[\w.$]+|\s+|.', re.DOTALL)
_NUMBERS = (
    *("0", "1", "2", "3", "7", "8", "15", "16", "17", "31", "64", "127", "128", "255", "256"),
    *("-1", "-2", "65535", "65536", "2147483647", "-2147483648", "4294967296"),
    # Not the least of 64 bits: to MLIR it is "dynamic", and where no operand is, its printer dies.
    *("9223372036854775807", "-9223372036854775807", "1000000007", "1e38", "0.0", "-0.0", "0.5"),
    *("0x7F800000", "0x7FC00000", "1e-45", "65504.0", "70000.0", "1099511627776", "?"),
)


def mutated(text: str, rng: random.Random, corpus: Sequence[str], alike: str = "") -> str:
    """A text that differs in one to some places.

    Args:
      text: what to begin with.
      rng: chooses.
      corpus: other texts, parts of which may be put in.
      alike: words separated by spaces that take each other's place, such as types.
    """
    words = alike.split()
    if rng.random() < 0.8:
        text = _everywhere(text, rng, words)
        if rng.random() < 0.7:
            return text
    for _ in range(rng.choices((1, 2, 3, 6), (8, 4, 2, 1))[0]):
        text = _once(text, rng, corpus, words)
    return text


def _everywhere(text: str, rng: random.Random, words: Sequence[str]) -> str:
    """One token changed to the same other one in all places, or one number inside of brackets."""
    tokens = _TOKEN.findall(text)
    shapes = [t for t in tokens if re.fullmatch(r"(\d+x)+[a-z]+\d+", t)]
    kinds = [t for t in tokens if t in words]
    way = rng.random()
    if way < 0.35 and shapes:
        old = rng.choice(shapes)
        new = _number(old, rng) if rng.random() < 0.8 else rng.choice(shapes)
    elif way < 0.6 and kinds:
        old, new = rng.choice(kinds), rng.choice(words)
    elif way < 0.7 and shapes:  # one size, wherever it is
        size = rng.choice(re.findall(r"\d+(?=x)", rng.choice(shapes)))
        new = rng.choice(("0", "1", "2", "3", "5", "64", "65", "1024"))
        return re.sub(rf"(?<![\d.]){size}(?=x)", new, text)
    else:
        numbers = list(re.finditer(r"(?<=[\[ <,])-?\d+(?:\.\d+)?(?=[\], >])", text))
        if not numbers:
            return text
        place = rng.choice(numbers)
        return text[: place.start()] + _number(place[0], rng) + text[place.end() :]
    return "".join(new if token == old else token for token in tokens)


def _once(text: str, rng: random.Random, corpus: Sequence[str], words: Sequence[str]) -> str:
    way = rng.random()
    if way < 0.7:
        return _token(text, rng, corpus, words)
    lines = text.splitlines(keepends=True)
    if not lines:
        return rng.choice(corpus)
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    if way < 0.76:
        lines.insert(i, lines[j])
    elif way < 0.82:
        del lines[i : i + rng.choice((1, 1, 2, 5))]
    elif way < 0.88:
        lines[i], lines[j] = lines[j], lines[i]
    elif way < 0.94:
        other = rng.choice(corpus).splitlines(keepends=True)
        at = rng.randrange(len(other)) if other else 0
        lines[i:i] = other[at : at + rng.choice((1, 2, 4))]
    elif way < 0.97:
        at = rng.randrange(len(text) + 1)
        return (
            text[:at] + rng.choice(("", " ", "\x00", "\u00e9", "{", "}", ">", '"')) + text[at + 1 :]
        )
    else:
        return text[: rng.randrange(len(text) + 1)]
    return "".join(lines)


def _token(text: str, rng: random.Random, corpus: Sequence[str], words: Sequence[str]) -> str:
    """One token changed; numbers, words of a kind and names most of all."""
    tokens = _TOKEN.findall(text)
    places = [i for i, token in enumerate(tokens) if not token.isspace()]
    if not places:
        return text
    numbers = [i for i in places if re.match(r"\d", tokens[i])]
    kinds = [i for i in places if tokens[i] in words]
    names = [i for i in places if tokens[i][0] == "%"]
    way = rng.random()
    if way < 0.4 and numbers:
        i = rng.choice(numbers)
        tokens[i] = _number(tokens[i], rng)
    elif way < 0.55 and kinds:
        tokens[rng.choice(kinds)] = rng.choice(words)
    elif way < 0.7 and names:
        tokens[rng.choice(names)] = tokens[rng.choice(names)]
    elif way < 0.8:
        i, j = rng.choice(places), rng.choice(places)
        tokens[i], tokens[j] = tokens[j], tokens[i]
    elif way < 0.88:
        i = rng.choice(places)
        del tokens[i : i + rng.choice((1, 1, 2, 4))]
    elif way < 0.94:
        i = rng.choice(places)
        tokens[i:i] = tokens[rng.choice(places) :][: rng.choice((1, 3, 8))]
    else:
        other = _TOKEN.findall(rng.choice(corpus))
        if other:
            tokens[rng.choice(places)] = rng.choice(other)
    return "".join(tokens)


def _number(token: str, rng: random.Random) -> str:
    """Another number; of a shape such as `1x2x8x8xf32`, in one of its sizes."""
    sizes = re.split(r"(\d+)", token)
    if len(sizes) < 3:
        return token
    at = rng.randrange(1, len(sizes), 2)
    way = rng.random()
    if way < 0.5:
        sizes[at] = str(max(0, int(sizes[at]) + rng.choice((-2, -1, 1, 2))))
    elif way < 0.6:
        sizes[at] = str(int(sizes[at]) * rng.choice((2, 3, 1000)))
    elif way < 0.65:
        sizes[at] = "-" + sizes[at]
    else:
        small = [n for n in _NUMBERS if n.isdigit()]
        sizes[at] = rng.choice(small if len(sizes) > 3 else _NUMBERS)
    return "".join(sizes)
