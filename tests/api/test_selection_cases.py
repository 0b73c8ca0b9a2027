"""What resolvers may do that ours never do: whatever it is, the compiled answer is graphql-core's, errors included."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar

import pytest
import strawberry
from graphql import ExecutionResult, execute, parse, subscribe
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.scalars import JSON
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.utils.await_maybe import await_maybe

from app.api.documents import Document, Documents
from app.api.executor import SelectionExecutor
from app.api.selections import plans

Item = TypeVar("Item")


@strawberry.enum
class Color(Enum):
    RED = "red"
    GREEN = strawberry.enum_value("green", name="VERDANT")


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Leaf(Named):
    text: str | None = None
    number: float | None = None
    whole: int | None = None
    flag: bool | None = None
    color: Color | None = None
    anything: JSON | None = None
    must: str = "there"
    texts: list[str | None] | None = None
    colors: list[Color] | None = None

    @strawberry.field
    def path(self, info: strawberry.Info) -> str:
        return ".".join(map(str, info.path.as_list()))

    @strawberry.field
    def chosen(self, info: strawberry.Info) -> list[str]:
        return [str(getattr(field, "name", "")) for field in info.selected_fields]

    @strawberry.field
    def fails(self) -> str | None:
        raise ValueError(f"{self.name} fails")

    @strawberry.field
    def fails_for_good(self) -> str:
        raise ValueError(f"{self.name} fails for good")

    @strawberry.field
    async def later(self, fails: bool = False) -> "Leaf | None":
        if fails:
            raise ValueError("later fails")
        return Leaf(name=f"{self.name}, later")

    @strawberry.field
    async def later_for_good(self) -> str:
        raise ValueError(f"{self.name} fails later, for good")


class Special(Leaf):
    """Not a type of its own: an instance of one that Python calls otherwise."""


@strawberry.type
class View:
    """Made for the sake of its fields: it need not be, where they are one expression."""

    seen: strawberry.Private[Leaf]
    near: int

    @strawberry.field
    def name(self) -> str:
        return self.seen.name

    @strawberry.field
    def color(self) -> Color:
        return Color(self.seen.text)

    @strawberry.field
    def far(self, times: int = 2) -> int:
        return self.near * times

    @strawberry.field
    def where(self, info: strawberry.Info) -> str:
        return str(info.path.as_list())

    @strawberry.field
    def itself(self) -> "View":
        return _same(self)


def _same(view: View) -> View:
    return view


def near_by(parent: strawberry.Parent["Branch"], times: int = 1) -> View:
    return View(seen=parent.leaves[0], near=parent.near * times)


async def far_off(parent: strawberry.Parent["Branch"], info: strawberry.Info, names: list[str] | None = None) -> View:
    return View(seen=parent.leaves[-1], near=len(names or ()) + len(info.variable_values))


async def told_last(info: strawberry.Info, whole: strawberry.Parent["Branch"], color: Color = Color.RED) -> str:
    return f"{info.context} {whole.name} {color.value}"


@strawberry.type
class Branch(Named):
    leaves: list[Leaf]
    near_by: View = strawberry.field(resolver=near_by)
    far_off: View = strawberry.field(resolver=far_off)
    told_last: str = strawberry.field(resolver=told_last)
    maybe: list[Leaf | None] | None = None
    grid: list[list[int]] | None = None

    @strawberry.field
    def view(self) -> View:
        return View(seen=self.leaves[0], near=3)

    @strawberry.field
    def views(self, twice: bool = False) -> list[View]:
        return [View(seen=leaf, near=self.near) for leaf in _seen(self, twice)]

    @property
    def near(self) -> int:
        return len(self.leaves)

    @strawberry.field
    def tree(self, depth: int = 1) -> "Branch | None":
        return Branch(name=f"{self.name}/{depth}", leaves=self.leaves)


@strawberry.type
class Page(Generic[Item]):
    items: list[Item]
    total: int


def _seen(branch: Branch, twice: bool) -> list[Leaf]:
    if twice and len(branch.leaves) == 1:
        raise ValueError("there is no second")
    return branch.leaves[twice:]


@strawberry.input
class Wanted:
    names: list[str]
    color: Color = Color.RED


class Upper(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        return str(next_(source, info, **kwargs)).upper()


class Never(BasePermission):
    message = "never"

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return False


Either = Annotated[Leaf | Branch, strawberry.union("Either")]
NESTED: Any = {"a": [1, None]}
PINE = Leaf(name="pine", text="green", number=1.5, whole=7, flag=True, color=Color.GREEN, anything=NESTED)
GIVEN: dict[str, Any] = {}
"""What `given` gives, by test."""


def given() -> Any:
    found = GIVEN["given"]
    return found() if callable(found) else found


async def coroutine(value: Any) -> Any:
    return value


class Later:
    """To be awaited, as often as one likes."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __await__(self) -> Iterator[Any]:
        return coroutine(self._value).__await__()


def _generator() -> Iterator[Leaf]:
    yield PINE
    yield Leaf(name="oak")


@strawberry.type
class Query:
    @strawberry.field
    def leaf(self) -> Leaf | None:
        return given()  # type: ignore[no-any-return]

    @strawberry.field
    def leaves(self) -> list[Leaf] | None:
        return given()  # type: ignore[no-any-return]

    @strawberry.field
    def branch(self) -> Branch:
        return Branch(name="b", leaves=[PINE, Leaf(name="oak")], maybe=[PINE, None], grid=[[1], []])

    @strawberry.field
    def trunk(self) -> Branch | None:
        return Branch(name="t", leaves=[Leaf(name="stump", text="red")])

    @strawberry.field
    def named(self) -> list[Named]:
        return [PINE, Branch(name="b", leaves=[])]

    @strawberry.field
    def either(self) -> list[Either | None]:
        return [PINE, None, Branch(name="b", leaves=[])]

    @strawberry.field
    def page(self) -> Page[Leaf]:
        return Page(items=[PINE], total=1)

    @strawberry.field(extensions=[Upper()])  # type: ignore[untyped-decorator]
    def loud(self, word: str = "quiet") -> str:
        return word

    @strawberry.field(permission_classes=[Never])  # type: ignore[untyped-decorator]
    def secret(self) -> str | None:
        return "s"

    @strawberry.field
    def echo(self, wanted: Wanted | None = None, times: int = 1, info: strawberry.Info = None) -> str:  # type: ignore[assignment]
        return f"{wanted and (wanted.names, wanted.color)} {times} {info.context}"

    @strawberry.field
    async def soon(self) -> Leaf | None:
        return given()  # type: ignore[no-any-return]


@strawberry.type
class Mutation:
    @strawberry.mutation
    def grow(self, info: strawberry.Info, by: int) -> Branch:
        info.context.append(by)
        return Branch(name=str(info.context), leaves=[PINE])


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def growing(self) -> AsyncIterator[Leaf]:
        for number in range(3):
            yield Leaf(name=str(number), whole=number if number != 1 else 2**40)


SCHEMA = strawberry.Schema(Query, Mutation, Subscription, execution_context_class=SelectionExecutor)
CORE = SCHEMA._schema


@dataclass
class Answers:
    data: Any
    errors: list[str]


async def both(text: str, given: Any = None, **variables: Any) -> Answers:
    """That of graphql-core, which the compiled one equals, twice. What is given may be a function that makes it."""
    document = Documents(CORE, ()).read(text, 10_000)
    expected = await _executed(parse(text), given, variables, StrawberryGraphQLCoreExecutionContext)
    for _ in range(2):
        found = await _executed(document, given, variables, SelectionExecutor)
        assert json.dumps(found.data) == json.dumps(expected.data)
        assert [item.formatted for item in found.errors or ()] == [item.formatted for item in expected.errors or ()]
    return Answers(expected.data, [f"{item.message} {item.path}" for item in expected.errors or ()])


async def _executed(document: Any, given: Any, variables: dict[str, Any], executor: Any) -> ExecutionResult:
    GIVEN["given"] = given
    found: ExecutionResult = await await_maybe(
        execute(
            CORE,
            document,
            context_value=[],
            variable_values=variables,
            executor_class=executor,
            operation_extensions=None,
        )
    )
    return found


ONES: dict[str, Any] = {
    "a leaf": PINE,
    "nothing": None,
    "another class": Special(name="fir"),
    "null where nothing may be": Leaf(name="oak", must=None),  # type: ignore[arg-type]
    "nearly right": Leaf(name=7, text=3, number=2, whole=True, flag=1, color="green"),  # type: ignore[arg-type]
    "wrong": Leaf(name=object(), number="x", whole=2**40, flag="x", color="blue"),  # type: ignore[arg-type]
    "not a number and an error": Leaf(name="nan", number=float("nan"), anything=ValueError("as a value")),  # type: ignore[arg-type]
    "extremes": Leaf(name="inf", number=float("-inf"), whole=-(2**31), texts=["a", None], colors=[Color.RED]),
    "lists": Leaf(name="lists", texts=("a", 1), colors=[Color.RED, "green", None]),  # type: ignore[arg-type, list-item]
    "not lists": lambda: Leaf(name="strings", texts="text", colors=iter([Color.GREEN])),  # type: ignore[arg-type]
    "an error": ValueError("instead of a leaf"),
    "another type": Branch(name="not a leaf", leaves=[]),
    "a dict": {"name": "a dict"},
    "to be awaited": lambda: coroutine(PINE),
    "to be awaited, and wrong": lambda: coroutine(Leaf(name=None)),  # type: ignore[arg-type]
    "attributes to be awaited": Leaf(name=Later("later"), text=Later(None)),  # type: ignore[arg-type]
}
MANY: dict[str, Any] = {
    "leaves": [PINE, Leaf(name="oak")],
    "a tuple": (PINE,),
    "none": [],
    "null among them": [PINE, None, Leaf(name="oak")],
    "wrong among them": [PINE, Leaf(name=None)],  # type: ignore[arg-type]
    "other things among them": [PINE, Special(name="fir"), ValueError("instead of a leaf")],
    "a generator": _generator,
    "one to be awaited": lambda: [PINE, coroutine(Leaf(name="oak"))],
    "to be awaited": lambda: coroutine([PINE]),
    "a number": 7,
    "a dict": {"a": PINE},
}
ALL = "name text number whole flag color anything must texts colors __typename"


@pytest.mark.parametrize("given", ONES.values(), ids=ONES)
async def test_whatever_a_resolver_gives_is_completed_as_by_graphql_core(given: Any) -> None:
    await both(f"{{ leaf {{ {ALL} }} again: leaf {{ name }} }}", given)


@pytest.mark.parametrize("given", MANY.values(), ids=MANY)
async def test_whatever_comes_instead_of_a_list_is_completed_as_by_graphql_core(given: Any) -> None:
    await both(f"{{ leaves {{ {ALL} fails path }} }}", given)


async def test_an_error_stands_at_its_path_and_its_neighbours_are_answered() -> None:
    answers = await both("{ branch { leaves { a: name fails b: name } tree { tree { leaves { fails } } } } }")
    assert answers.data["branch"]["leaves"][1] == {"a": "oak", "fails": None, "b": "oak"}
    assert answers.errors[1] == "oak fails ['branch', 'leaves', 1, 'fails']"
    assert answers.errors[3] == "oak fails ['branch', 'tree', 'tree', 'leaves', 1, 'fails']"


async def test_an_error_where_nothing_may_be_null_goes_up_to_what_may() -> None:
    answers = await both("{ branch { name maybe { name failsForGood } tree { name leaves { name failsForGood } } } }")
    assert answers.data == {"branch": {"name": "b", "maybe": [None, None], "tree": None}}
    assert (await both("{ leaf { name } branch { leaves { failsForGood } } }")).data is None


async def test_without_error_propagation_what_fails_is_null_where_it_stands() -> None:
    answers = await both("query @experimental_disableErrorPropagation { branch { leaves { name failsForGood } } }")
    assert answers.data["branch"]["leaves"][0] == {"name": "pine", "failsForGood": None}


async def test_a_resolver_that_asks_about_its_own_field_is_told() -> None:
    answers = await both("{ branch { leaves { name path chosen } } }")
    assert answers.data["branch"]["leaves"][1]["path"] == "branch.leaves.1.path"


@pytest.mark.parametrize(
    "fields", ["name near", "name color", "near far", "name where", "name itself { near color where }"]
)
async def test_what_is_made_for_its_fields_alone_answers_as_if_it_were_made(fields: str) -> None:
    every = (
        f"view {{ {fields} }} a: views {{ {fields} }} b: views(twice: true) {{ {fields} __typename }} "
        f"c: views(twice: $twice) {{ {fields} }} tree {{ views {{ {fields} }} }}"
    )
    await both(f"query Q($twice: Boolean = true) {{ branch {{ {every} }} }}")
    await both(f"{{ trunk {{ name views(twice: true) {{ {fields} }} }} }}")


async def test_what_is_awaited_stands_among_what_is_there() -> None:
    text = "{ branch { leaves { name later { name text path } must } } soon { name later { name } } loud }"
    answers = await both(text, PINE)
    assert list(answers.data["branch"]["leaves"][0]) == ["name", "later", "must"]
    assert answers.data["soon"]["later"] == {"name": "pine, later"}


async def test_what_fails_later_goes_up_as_well() -> None:
    answers = await both("{ soon { name later(fails: true) { name } } leaf { laterForGood } }", PINE)
    assert answers.data == {"soon": {"name": "pine", "later": None}, "leaf": None}
    await both(
        "{ branch { tree { leaves { fails laterForGood failsForGood } } } soon { failsForGood later { name } } }"
    )
    await both("{ soon { name } }", Leaf(name=None))  # type: ignore[arg-type]
    await both("{ soon { name path } }", Special(name="fir"))


async def test_types_are_told_apart_by_what_is_there() -> None:
    leaf, branch = "... on Leaf { text later { name } }", "... on Branch { leaves { name } }"
    await both(f"{{ named {{ name __typename {branch} ... on Leaf {{ text }} }} }}")
    await both(f"{{ either {{ __typename {leaf} {branch} ... on Named {{ name }} }} }}")
    answers = await both("{ either { ... on Leaf { text } ... on Branch { name } } page { items { name } total } }")
    assert answers.data["either"] == [{"text": "green"}, None, {"name": "b"}]


async def test_arguments_are_given_as_they_were_asked_for() -> None:
    text = """query Q($names: [String!]!, $color: Color, $times: Int = 3, $none: Int, $wanted: Wanted) {
      a: echo(wanted: {names: $names, color: $color}, times: $times)
      b: echo(wanted: {names: "one"}, times: 2)
      c: echo(times: $none)
      d: echo(wanted: $wanted)
      branch { tree(depth: $times) { name } }
    }"""
    await both(text, names=["x"])
    await both(text, names=["x"], color="VERDANT", times=None, wanted={"names": "y"})
    await both("query Q($none: Int) { branch { tree(depth: $none) { name } } }", none=None)
    await both("query Q($names: [String!]!) { echo(wanted: {names: $names}) }")


async def test_an_object_may_be_given_by_a_name_of_its_own() -> None:
    text = """query Q($times: Int = 2, $names: [String!]) {
      branch {
        nearBy { near name } more: nearBy(times: 3) { near } given: nearBy(times: $times) { far }
        farOff { near name where } other: farOff(names: ["x", "y"]) { near } asked: farOff(names: $names) { near far }
        toldLast again: toldLast(color: VERDANT)
      }
    }"""
    answers = [await both(text, names=names) for names in (["a"], None, ["a", "b", "c"])]
    assert [answer.data["branch"]["asked"]["near"] for answer in answers] == [3, 2, 5]
    assert answers[0].data["branch"]["again"].endswith("green")


async def test_directives_choose_anew_each_time() -> None:
    text = """query Q($a: Boolean!, $b: Boolean = true) {
      branch @include(if: $a) { ...F @skip(if: $b) name @skip(if: $a) @include(if: true) leaves { name @skip(if: $b) } }
      leaf { ... @include(if: $b) { name } }
    }
    fragment F on Branch { leaves { text } tree { ... on Named { name } } }"""
    for a in (True, False):
        for b in (True, False):
            await both(text, PINE, a=a, b=b)
    await both(text, PINE, a=True)


async def test_a_field_asked_for_twice_is_answered_once_with_all_of_it() -> None:
    answers = await both(
        "{ branch { name leaves { name } ...F name } } fragment F on Named { ... on Branch { leaves { text } } }"
    )
    assert list(answers.data["branch"]["leaves"][0]) == ["name", "text"]


async def test_what_has_more_than_a_resolver_keeps_it() -> None:
    answers = await both('{ loud(word: "hush") secret branch { name } __schema { queryType { name } } __typename }')
    assert answers.data["loud"] == "HUSH"
    assert answers.errors == ["never ['secret']"]


async def test_mutations_are_executed_once_and_in_order() -> None:
    answers = await both("mutation { a: grow(by: 1) { name leaves { name fails } } b: grow(by: 2) { name } }")
    assert (answers.data["a"]["name"], answers.data["b"]["name"]) == ("[1]", "[1, 2]")


async def test_names_that_python_keeps_for_itself_are_only_names() -> None:
    text = "{ class: leaf { def: name __import__: name run: name k_1: name } return: branch { x: name } }"
    answers = await both(text, PINE)
    assert answers.data["class"] == {"def": "pine", "__import__": "pine", "run": "pine", "k_1": "pine"}


async def test_a_document_of_fragments_within_fragments_is_executed_and_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plans, "MOST_SELECTIONS", 50)
    fragments = "".join(
        f"fragment F{n} on Branch {{ a: tree {{ ...F{n + 1} }} b: tree {{ ...F{n + 1} }} }}\n" for n in range(7)
    )
    text = f"{{ branch {{ ...F0 }} }}\n{fragments}fragment F7 on Branch {{ name leaves {{ later {{ name }} }} }}"
    await both(text)
    document = Documents(CORE, ()).read(text, 10_000)
    await _executed(document, None, {}, SelectionExecutor)
    await _executed(document, None, {}, SelectionExecutor)
    assert document.plans is not None
    assert list(document.plans._plans.values()) == [None]


async def test_every_event_of_a_subscription_is_answered_by_the_same_plan() -> None:
    text = "subscription { growing { name whole fails } }"

    async def pushed(document: Any, executor: Any) -> list[Any]:
        events: Any = await await_maybe(subscribe(CORE, document, executor_class=executor, operation_extensions=None))
        return [(item.data, [error.formatted for error in item.errors]) async for item in events]

    document = Documents(CORE, ()).read(text, 10_000)
    found = await pushed(document, SelectionExecutor)
    assert found == await pushed(parse(text), StrawberryGraphQLCoreExecutionContext)
    assert len(found) == 3
    assert document.plans is not None
    [plan] = document.plans._plans.values()
    assert plan is not None
    assert len(plan.sub_fields) == 1


async def test_an_unknown_operation_or_variable_is_refused_as_by_graphql_core() -> None:
    await both("query A { leaf { name } } query B { branch { name } }")
    await both("query Q($n: Int!) { branch { tree(depth: $n) { name } } }", n="x")


def test_documents_are_remembered_up_to_their_length_together() -> None:
    documents = Documents(CORE, ())
    first = documents.read("{ loud }", 10_000)
    assert documents.read("{ loud }", 10_000) is first
    long = documents.read("{ loud }" + " " * 40_000, 10_000)
    assert isinstance(long, Document)
    assert long.plans is None
    for number in range(12):
        documents.read(f"{{ a{number}: loud }}" + " " * 30_000, 10_000)
    assert documents.read("{ loud }", 10_000) is not first
