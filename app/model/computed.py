"""Which computed property needs which: the order in which they can be computed, and the circles that have none."""

from collections.abc import Iterator, Mapping, Sequence

from app.model.conditions import Condition, references

Circle = tuple[str, ...]
"""A chain that ends where it began: `("a", "b", "a")`."""


def needs_of(expression: Condition) -> list[str]:
    """The properties of its own twin that it names."""
    return [ref.name for ref in references(expression) if ref.owner is None]


def in_order(needs: Mapping[str, Sequence[str]]) -> tuple[list[str], list[Circle]]:
    """Each name behind those it needs, and the circles met on the way. `needs` has the computed properties only; other
    names need nothing. Walks without recursion: a chain may be as long as a definition allows."""
    order: dict[str, None] = {}
    circles: list[Circle] = []
    for start in needs:
        if start in order:
            continue
        line: dict[str, Iterator[str]] = {start: iter(needs[start])}
        while line:
            at = next(reversed(line))
            for name in line[at]:
                if name in line:
                    chain = list(line)
                    circles.append((*chain[chain.index(name) :], name))
                elif name in needs and name not in order:
                    line[name] = iter(needs[name])
                    break
            else:
                del line[at]
                order[at] = None
    return list(order), circles


def feeding(needs: Mapping[str, Sequence[str]], order: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """By name, every computed property that depends on it, near or far, in `order`."""
    sources: dict[str, set[str]] = {}
    found: dict[str, list[str]] = {}
    for name in order:
        reached: set[str] = set()
        for need in needs[name]:
            reached |= {need, *sources.get(need, ())}
        sources[name] = reached
        for source in reached:
            found.setdefault(source, []).append(name)
    return {source: tuple(names) for source, names in found.items()}
