"""The condition tree that both notations (JSON text and DTSL `when {}`) parse to, and that the engine compiles.

`owner` of a reference is a role of the overlay (or the id of one of its twins), or a path of roles into an overlay that
fills one, with slashes: `pumping/primary_pump`, written `pumping.primary_pump`; None means the twin itself. The tree is
data: it has no spans (those live in the DTSL AST) and no evaluation (that lives in the engine).
"""

from collections.abc import Mapping
from typing import Literal as OneOf

import msgspec

CompareOp = OneOf["==", "!=", "<", "<=", ">", ">="]
ArithmeticOp = OneOf["+", "-", "*", "/", "%"]


class Node(msgspec.Struct, frozen=True, tag=True):
    """Base of the tree."""


class Literal(Node, frozen=True, tag="literal"):
    value: bool | int | float | str


class PropertyRef(Node, frozen=True, tag="property"):
    owner: str | None
    name: str


class Bound(Node, frozen=True, tag="bound"):
    """`role != null`: never UNKNOWN."""

    owner: str


class Compare(Node, frozen=True, tag="compare"):
    op: CompareOp
    left: "Condition"
    right: "Condition"


class Arithmetic(Node, frozen=True, tag="arithmetic"):
    op: ArithmeticOp
    left: "Condition"
    right: "Condition"


class Negative(Node, frozen=True, tag="negative"):
    item: "Condition"


class Not(Node, frozen=True, tag="not"):
    item: "Condition"


class And(Node, frozen=True, tag="and"):
    items: tuple["Condition", ...]


class Or(Node, frozen=True, tag="or"):
    items: tuple["Condition", ...]


Condition = Literal | PropertyRef | Bound | Compare | Arithmetic | Negative | Not | And | Or


def written(owner: str) -> str:
    """A role, id or path as messages show it: `pumping/primary_pump` -> `pumping.primary_pump`."""
    return owner.replace("/", ".")


def references(condition: Condition) -> list[PropertyRef]:
    """Every property the condition reads, once each, in order of appearance."""
    found: dict[PropertyRef, None] = {}

    def walk(node: Condition) -> None:
        match node:
            case PropertyRef():
                found[node] = None
            case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
                walk(left)
                walk(right)
            case Not(item=item) | Negative(item=item):
                walk(item)
            case And(items=items) | Or(items=items):
                for item in items:
                    walk(item)
            case Literal() | Bound():
                pass

    walk(condition)
    return list(found)


def owners(condition: Condition) -> set[str]:
    """Every role or twin id that the condition names, `!= null` tests included."""
    found = {ref.owner for ref in references(condition) if ref.owner is not None}

    def walk(node: Condition) -> None:
        match node:
            case Bound(owner=owner):
                found.add(owner)
            case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
                walk(left)
                walk(right)
            case Not(item=item) | Negative(item=item):
                walk(item)
            case And(items=items) | Or(items=items):
                for item in items:
                    walk(item)
            case _:
                pass

    walk(condition)
    return found


def renamed(condition: Condition, names: Mapping[str, str]) -> Condition:
    """With other owners: `names` has the new name for the first part of a path."""

    def of(owner: str) -> str:
        first, slash, rest = owner.partition("/")
        return names.get(first, first) + slash + rest

    def walk(node: Condition) -> Condition:
        match node:
            case PropertyRef(owner=owner, name=name) if owner is not None:
                return PropertyRef(of(owner), name)
            case Bound(owner=owner):
                return Bound(of(owner))
            case Compare(op=op, left=left, right=right):
                return Compare(op, walk(left), walk(right))
            case Arithmetic(op=sign, left=left, right=right):
                return Arithmetic(sign, walk(left), walk(right))
            case Negative(item=item):
                return Negative(walk(item))
            case Not(item=item):
                return Not(walk(item))
            case And(items=items):
                return And(tuple(walk(item) for item in items))
            case Or(items=items):
                return Or(tuple(walk(item) for item in items))
            case _:
                return node

    return walk(condition)
