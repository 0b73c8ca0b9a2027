"""What is reckoned is what comes: on a schema whose lists have exactly their declared sizes, cost counts objects."""

from typing import Any

from graphql import build_schema, execute_sync, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from app.api.limits.cost import narrow
from app.api.limits.sizes import ASSUMED, MOST, STEP, UNBOUNDED_DEPTH, named
from app.api.limits.survey import Surveyed, survey
from app.api.pages import DEFAULT_PAGE
from app.api.schema import schema

SCHEMA = build_schema(
    """
    interface Thing { name: String part: Item }
    type Item implements Thing {
      name: String part: Item some: [Item!]! page(first: Int, last: Int): ItemConnection! thing: Thing
    }
    type Other implements Thing { name: String part: Item more: [Item!]! }
    type ItemConnection { nodes: [Item!]! edges: [ItemEdge!]! total: Int }
    type ItemEdge { node: Item! cursor: String }
    type Query { part: Item some: [Item!]! page(first: Int, last: Int): ItemConnection! thing: Thing }
    """
)


class Made:
    """An object of any type: its lists are as long as the survey takes them for."""

    def __init__(self, count: int = 0, kind: str = "Item") -> None:
        self._count = count
        self.kind = kind
        self.name = self.cursor = "x"
        self.total = 1

    def part(self, _info: Any) -> "Made":
        return Made()

    node = part

    def thing(self, _info: Any) -> "Made":
        return Made(kind="Other")

    def some(self, _info: Any) -> "list[Made]":
        return [Made() for _ in range(ASSUMED)]

    more = some

    def page(self, _info: Any, first: int | None = None, last: int | None = None) -> "Made":
        given_size = first if first is not None else last
        return Made(DEFAULT_PAGE if given_size is None else given_size)

    def nodes(self, _info: Any) -> "list[Made]":
        return [Made() for _ in range(self._count)]

    edges = nodes


for abstract in ("Thing",):
    SCHEMA.type_map[abstract].resolve_type = lambda value, *_: value.kind  # type: ignore[attr-defined]


def surveyed(document: str) -> Surveyed:
    parsed = parse(document)
    assert validate(SCHEMA, parsed) == []
    [found] = survey(SCHEMA, parsed).values()
    return found


def objects(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(objects, value))
    return 1 + sum(map(objects, value.values())) if isinstance(value, dict) else 0


SIZES = st.sampled_from(["", "(first: 0)", "(first: 2)", "(last: 1)", "(first: $n)", "(first: $m)", "(first: null)"])
WHETHER = st.sampled_from(
    ["", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @skip(if: false)", " @include(if: $no)"]
)
ALIASES = st.sampled_from(["", "", "a: ", "b: "])


@st.composite
def selections(draw: st.DrawFn, depth: int, connection: bool = False) -> str:
    if depth == 0:
        return "{ __typename }"
    parts = ["__typename"]
    for _ in range(draw(st.integers(1, 2))):
        inner = draw(selections(depth - 1))
        if connection:
            field = draw(st.sampled_from(["nodes", "edges", "total"]))
            body = {"nodes": inner, "edges": f"{{ node {inner} cursor }}", "total": ""}[field]
            parts.append(f"{field}{draw(WHETHER)} {body}")
            continue
        field = draw(st.sampled_from(["part", "some", "page", "name", "...F", "... on Item"]))
        whether = draw(WHETHER)
        if field == "page":
            # One alias for each size: two of them at one name could not be merged.
            size = draw(SIZES)
            alias = f"page{''.join(filter(str.isalnum, size))}: "
            parts.append(f"{alias}page{size}{whether} {draw(selections(depth - 1, connection=True))}")
        elif field in ("part", "some"):
            alias = draw(ALIASES)
            parts.append(f"{alias + field if not alias else alias[0] + field + ': ' + field}{whether} {inner}")
        elif field == "... on Item":
            parts.append(f"...{whether} {{ __typename part {inner} }}")
        elif field == "...F":
            parts.append(f"...F{whether}" if "$root" not in parts else "")
        else:
            parts.append(f"name{whether}")
    return "{ " + " ".join(parts) + " }"


@settings(max_examples=150, deadline=None, database=None)
@given(
    inner=selections(3),
    fragment=selections(1),
    values=st.fixed_dictionaries({}, optional={"n": st.integers(0, 3) | st.none(), "yes": st.booleans()}),
)
def test_the_cost_is_how_many_objects_the_answer_has(inner: str, fragment: str, values: dict[str, Any]) -> None:
    fragment = fragment.replace("...F", "name")
    head = "query($n: Int, $m: Int = 2, $yes: Boolean = true, $no: Boolean = false)"
    used = (
        "used: page(first: $n) { total } also: page(first: $m) { total } "
        "x: part @skip(if: $yes) { name } y: part @skip(if: $no) { name }"
    )
    document = f"{head} {{ part {inner} p: part {{ ...F }} {used} }} fragment F on Item {fragment}"
    parsed = parse(document)
    if validate(SCHEMA, parsed):  # two sizes of one page, by a fragment
        return
    [found] = survey(SCHEMA, parsed).values()
    result = execute_sync(SCHEMA, parsed, Made(), variable_values=values)
    assert result.errors is None
    counted = objects(result.data) - 1
    # A field that is there twice under different conditions is counted where one of them holds, or neither.
    assert found.cost(values) >= counted
    if "@" not in inner + fragment:
        assert found.cost(values) == counted


def test_of_types_that_exclude_each_other_the_dearest_counts() -> None:
    common = surveyed("{ thing { part { name } } }")
    assert common.cost({}) == 2
    both = "{ thing { part { name } ... on Item { some { name } } ... on Other { more { part { name } } } } }"
    assert surveyed(both).cost({}) == 2 + 2 * ASSUMED
    assert (
        surveyed("{ thing { ... on Item { some { name } } ...O } } fragment O on Other { name }").cost({})
        == 1 + ASSUMED
    )


def test_fields_of_one_name_are_merged_as_they_are_when_they_are_executed() -> None:
    assert (
        surveyed(
            "{ some { name part { name } } some { part { name } } ...S } fragment S on Query { some { name } }"
        ).cost({})
        == 2 * ASSUMED
    )


def test_only_sizes_in_variables_are_left_open() -> None:
    [page] = surveyed("query($n: Int) { page(first: $n) { nodes { some { part { name } } } } }").fields
    assert page.fixed is None
    assert page.of({"n": 3}) == 1 + 3 * (1 + 2 * ASSUMED)
    [settled] = surveyed("{ page(first: 3) { nodes { some { part { name } } } } }").fields
    assert settled.fixed == page.of({"n": 3})


def test_sizes_that_a_field_refuses_count_as_its_most_and_wrong_ones_as_its_default() -> None:
    [page] = surveyed("query($n: Int) { page(first: $n) { nodes { name } } }").fields
    assert [page.of({"n": value}) for value in (10**12, -5)] == [1 + MOST, 1]
    assert page.of({"n": 1000.0}) == page.of({"n": 1000})  # which an Int may be in JSON
    wrong: list[Any] = [None, "7", True, 1.5, float("inf"), {}]
    assert [page.of({"n": value}) for value in wrong] == [1 + DEFAULT_PAGE] * 6


def test_depth_counts_levels_of_fields_through_fragments() -> None:
    assert surveyed("{ part { part { name } } }").depth == 3
    assert surveyed("{ part { ...F } } fragment F on Item { part { ... { part { name } } } }").depth == 4


def test_what_a_small_document_asks_for_by_fragments_within_fragments_is_cut_off() -> None:
    fragments = " ".join(
        f"fragment F{n} on Item {{ a: part {{ ...F{n + 1} }} b: part {{ ...F{n + 1} }} }}" for n in range(40)
    )
    assert surveyed(f"{{ part {{ ...F0 }} }} {fragments} fragment F40 on Item {{ name }}").too_many


def test_the_field_to_narrow_is_the_one_with_the_largest_share_and_its_bound_is_exact() -> None:
    document = "query($n: Int) { page(first: $n) { nodes { some { part { name } } } } part { name } }"
    found = surveyed(document)
    for limit in (50, 500, 12345):
        told = narrow(found.fields, {"n": 1000}, limit)
        assert told is not None
        assert (told.path, told.argument, told.was) == (("page",), "first", 1000)
        assert found.cost({"n": told.most}) <= limit < found.cost({"n": told.most + 1})


def test_a_list_that_takes_no_size_is_named_without_one() -> None:
    told = narrow(surveyed("{ some { some { some { name } } } }").fields, {}, 10)
    assert told is not None
    assert (told.path, told.argument) == (("some",), "")


def test_a_traversal_costs_its_steps_wherever_it_is_begun() -> None:
    def cost(document: str, **variables: Any) -> int:
        [found] = survey(schema._schema, parse(document)).values()
        return found.cost(variables)

    one = 'query($depth: Int!) { twin(twinId: "x") { related(maxDepth: $depth, first: 2) { nodes { depth } } } }'
    assert [cost(one, depth=depth) for depth in (1, 4)] == [1 + 1 + 2 + STEP, 1 + 1 + 2 + 4 * STEP]
    each = "{ twins(first: 5) { nodes { related(maxDepth: 4, first: 2) { nodes { depth } } } } }"
    assert cost(each) == 1 + 5 * (1 + 1 + 2 + 4 * STEP)


def test_an_argument_that_is_a_traversal_costs_its_steps_where_it_is_given() -> None:
    def cost(document: str, **variables: Any) -> int:
        assert not validate(schema._schema, parse(document))
        return survey(schema._schema, parse(document))[None].cost(variables)

    def literal(reached: str) -> int:
        return cost(f"subscription {{ propertyChanged(downstreamOf: {reached}) {{ twinId }} }}")

    none = cost("subscription { propertyChanged { twinId } }")
    whole = "subscription($of: ReachedFrom) { propertyChanged(downstreamOf: $of) { twinId } }"
    defaulted = whole.replace("ReachedFrom)", 'ReachedFrom = {twinIds: ["a"], maxDepth: 3})')
    part = 'subscription($n: Int) { propertyChanged(downstreamOf: {twinIds: ["a"], maxDepth: $n}) { twinId } }'
    three = none + 3 * STEP
    assert literal('{twinIds: ["a"], maxDepth: 3}') == three
    assert [cost(defaulted), cost(part, n=3), cost(whole, of={"twinIds": ["a"], "maxDepth": 3})] == [three] * 3
    unbounded = none + UNBOUNDED_DEPTH * STEP
    assert [literal('{twinIds: ["a"]}'), cost(part), cost(whole, of={"twinIds": ["a"]})] == [unbounded] * 3
    assert [literal("null"), cost(whole), cost(whole, of=None), cost(defaulted, of=None)] == [none] * 4


def test_a_page_that_is_asked_for_in_an_input_counts_as_one_by_arguments() -> None:
    def cost(document: str, **variables: Any) -> int:
        assert not validate(schema._schema, parse(document))
        return survey(schema._schema, parse(document))[None].cost(variables)

    base = 500 + 1 + 1000 * 2
    asked = 'change: {failure: ["a"]}'
    below = "{ twins { nodes { twin { twinId } } } }"
    literal = f"{{ impact(input: {{{asked}, first: 1000}}) {below} }}"
    number = f"query($n: Int!) {{ impact(input: {{{asked}, first: $n}}) {below} }}"
    number_with_default = number.replace("Int!", "Int! = 1000")
    whole = f"query($input: ImpactInput!) {{ impact(input: $input) {below} }}"
    defaulted = whole.replace("ImpactInput!", f"ImpactInput! = {{{asked}, first: 1000}}")
    given = {"change": {"failure": ["a"]}}
    for found in (
        cost(literal),
        cost(number, n=1000),
        cost(number_with_default),
        cost(whole, input={**given, "first": 1000}),
        cost(defaulted),
    ):
        assert found == base
    assert cost(whole, input=given) == cost(literal.replace(", first: 1000", "")) == 501 + 100 * 2
    assert cost(number, n=3) == 501 + 3 * 2
    causes = "query($input: CausesInput!) { causes(input: $input) { causes { twinId } } }"
    assert cost(causes, input={"of": {}, "first": 50}) - cost(causes, input={"of": {}}) == 30
    live = f"subscription($input: ImpactInput!) {{ liveImpact(input: $input) {{ impact {below} }} }}"
    more, less = cost(live, input={**given, "first": 1000}), cost(live, input={**given, "first": 1})
    assert more - less == 999 * 2


def test_every_field_that_is_known_by_name_is_in_the_schema() -> None:
    for name in named():
        kind, _, field = name.partition(".")
        assert field in schema._schema.type_map[kind].fields, name  # type: ignore[attr-defined]
