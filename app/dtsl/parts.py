"""The parts of a document while it is read from a script: fields, and where each of them stands."""

from typing import Any

from app.dtsl import diagnostics
from app.dtsl.build import Builder
from app.dtsl.build_values import Tree, span_of, tree_span
from app.dtsl.places import below
from app.dtsl.source import Span
from app.dtsl.spelling import read_name


class Part:
    """An object of the document. What is in it is put there at once; `places` is the whole document's."""

    def __init__(self, builder: Builder, places: dict[str, Span], pointer: str = "") -> None:
        self.fields: dict[str, Any] = {}
        self.builder = builder
        self.places = places
        self.pointer = pointer

    def put(self, field: str, value: Any, span: Span) -> None:
        if field in self.fields:
            self.builder.report(diagnostics.said_twice(field), span)
            return
        self.fields[field] = value
        self.places[below(self.pointer, field)] = span

    def describe(self, tree: Tree) -> None:
        """With the `///` above it."""
        description = self.builder.description(tree)
        if description is not None:
            self.put("description", *description)

    def object(self, field: str, span: Span) -> "Part":
        """The object in this field; the one that is there already, where there is one."""
        found = self.fields.get(field)
        inner = Part(self.builder, self.places, below(self.pointer, field))
        if isinstance(found, dict):
            inner.fields = found
        else:
            self.put(field, inner.fields, span)
        return inner

    def items(self, field: str, span: Span) -> "Items":
        """The list in this field, to which more is added where there is one already."""
        found: list[Any] = self.fields.setdefault(field, [])
        pointer = below(self.pointer, field)
        self.places.setdefault(pointer, span)
        return Items(self, found, pointer)

    def merge(self, tree: Tree) -> None:
        """The entries of an object; objects in it go into those that are there."""
        for entry in tree.children:
            key, value = entry.children
            token = key.children[0]
            name = self.builder.text(token) if token.type == "STRING" else read_name(str(token))
            if value.data == "object" and (name not in self.fields or isinstance(self.fields[name], dict)):
                self.object(name, span_of(token)).merge(value)
            else:
                if name in self.fields:
                    self.builder.report(diagnostics.said_twice(name), span_of(token))
                else:
                    self.put(name, self.builder.value(value), tree_span(value))


class Items:
    """A list of objects of the document."""

    def __init__(self, owner: Part, found: list[Any], pointer: str) -> None:
        self._owner = owner
        self._found = found
        self._pointer = pointer

    def add(self, tree: Tree) -> Part:
        part = Part(self._owner.builder, self._owner.places, below(self._pointer, len(self._found)))
        part.places[part.pointer] = tree_span(tree)
        part.describe(tree)
        self._found.append(part.fields)
        return part

    def append(self, item: Any, span: Span) -> None:
        """Something that is no object yet."""
        self._owner.places[below(self._pointer, len(self._found))] = span
        self._found.append(item)
