"""Statement files and their headers."""

from pathlib import Path

import pytest

from app.errors import Misconfigured, Problem
from app.graph.statements import Statements, parse_statement, statements_folder

GOOD = """// purpose: Find one thing, or
//   none.
// params: id (text), limit (integer, at most 5)
// returns: name, found (none where there is none)
// access: read
// idempotent: yes
MATCH (n:Thing {id: $id}) // $not_a_parameter
RETURN n.name AS name, '$neither' AS found
LIMIT $limit
"""


def faults(content: str) -> list[str]:
    problems: list[Problem] = []
    assert parse_statement("some/file", content, problems) is None
    assert {problem.path for problem in problems} == {"some/file.cypher"}
    return [problem.message for problem in problems]


def test_a_header_that_agrees_with_its_text_is_accepted() -> None:
    problems: list[Problem] = []
    statement = parse_statement("some/file", GOOD, problems)
    assert not problems
    assert statement is not None
    assert statement.params == {"id", "limit"}
    assert statement.returns == ("found", "name")
    assert statement.access == "read"
    assert statement.text.startswith("MATCH")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id (text), ", "", "the header's params are limit, the text uses id, limit"),
        ("id (text)", "id, more", "the header's params are id, limit, more, the text uses id, limit"),
        (
            "AS found",
            "AS hit",
            "the header's returns are found, name, the text returns hit, name (as `x AS name`)",
        ),
        ("RETURN", "SET n.seen = true RETURN", "access is read, but the text has SET"),
        ("access: read", "access: write", "access is write, but the text writes nothing"),
        ("access: read", "access: admin", "access is read or write, not 'admin'"),
        ("idempotent: yes", "idempotent: maybe", "idempotent is yes or no, not 'maybe'"),
        ("// idempotent: yes\n", "", "the header has no 'idempotent'"),
        ("// access", "// colour: blue\n// access", "the header has an unknown field 'colour'"),
        ("LIMIT $limit", "LIMIT $limit;", "one file holds one statement, without a semicolon"),
    ],
)
def test_a_header_that_disagrees_with_its_text_is_a_fault(old: str, new: str, message: str) -> None:
    assert message in faults(GOOD.replace(old, new, 1))


def test_a_create_that_makes_a_second_one_is_not_idempotent() -> None:
    header = "// purpose: x\n// params: none\n// returns: none\n// access: write\n// idempotent: yes\n"
    (message,) = faults(header + "CREATE (:Thing)")
    assert "idempotent" in message
    for text in (
        "MERGE (n:Thing {id: 1}) ON CREATE SET n.new = true",
        "CREATE INDEX things IF NOT EXISTS FOR (n:Thing) ON (n.id)",
    ):
        problems: list[Problem] = []
        assert parse_statement("a", header + text, problems)


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.cypher").write_text("RETURN 1 AS one")
    (tmp_path / "two.cypher").write_text(GOOD.replace("access: read", "access: write"))
    with pytest.raises(Misconfigured) as caught:
        Statements.load(tmp_path)
    assert caught.value.code == "STATEMENT_INVALID"
    assert {problem.path for problem in caught.value.problems} == {"a/one.cypher", "two.cypher"}
    assert "a/one.cypher" in caught.value.message


def test_a_missing_statement_is_named() -> None:
    with pytest.raises(Misconfigured) as caught:
        Statements.load()["twins/no_such"]
    assert caught.value.code == "STATEMENT_MISSING"
    assert "twins/no_such.cypher" in caught.value.message


def test_an_empty_folder_is_an_incomplete_installation(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        Statements.load(tmp_path)


CREATING = {
    f"definitions/{name}"
    for name in (
        *("create_twins", "create_properties", "create_twin_behaviors", "link_reads", "link_acts_on"),
        *("bind_overlays", "contain_overlays", "save_relationships"),
        *("create_twin_interlocks", "create_overlay_interlocks", "link_interlock_reads", "link_interlock_guards"),
    )
} | {"contents/create_nodes", "contents/create_edges"}


def test_the_programs_own_statements_load_and_hold_no_label_made_of_data() -> None:
    statements = Statements.load()
    assert statements_folder().name == "cypher"
    assert len(statements) > 50
    for statement in statements.values():
        assert ":$" not in statement.text, statement.name
        assert "apoc" not in statement.text.lower(), statement.name
        # Those that create run behind advance_catalogue, which lets no change in twice, or a restore counts.
        assert statement.idempotent or statement.name in CREATING, statement.name
