"""Files and folders to documents: their order, and every problem with its file, line and pointer at once."""

import json
from pathlib import Path

import pytest

from app.bulk.batches import cut, ordered, rings, size
from app.bulk.reading import read_paths
from app.errors import Invalid


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        file = folder / name.replace("__", "/").replace("_DOT_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _type(id: str, **more: object) -> str:
    return json.dumps({"type_id": id, **more})


def _twin(id: str, **more: object) -> str:
    return json.dumps({"twin_id": id, "twin_type": "t", **more})


def test_a_folder_is_read_with_all_below_it_in_the_order_of_names_hidden_ones_left_out(tmp_path: Path) -> None:
    _write(
        tmp_path,
        b_DOT_json=f"[{_twin('b1')}, {_twin('b2')}]",
        a__2_DOT_json="\ufeff" + _twin("a2"),
        a__10_DOT_ndjson=_twin("a10", description="two\u2028lines") + "\n\n" + _twin("a11") + "\n",
        a__readme_DOT_md="not for us",
        _DOT_git__config_DOT_json="{",
        _DOT_hidden_DOT_json="{",
        c_DOT_dtsl="overlay X {}",
    )
    found = read_paths([tmp_path, tmp_path / "b.json"])
    assert [read.id for read in found.documents] == ["b1", "b2", "a10", "a11", "a2"]
    assert found.documents[1].place.at("/x") == f"{tmp_path}/b.json#/1/x"
    assert found.documents[3].place.at("/x") == f"{tmp_path}/a/10.ndjson:3#/x"
    assert found.documents[4].place.at() == f"{tmp_path}/a/2.json"
    assert [file.name for file, _ in found.scripts] == ["c.dtsl"]


def test_all_problems_of_all_files_are_told_at_once_where_they_are(tmp_path: Path) -> None:
    _write(
        tmp_path,
        a_DOT_json='{"type_id": "t", "propertes": [], "kind": "mchine"}',
        b_DOT_json=f'[{_twin("x")}, {{"foo": 1}}, 5, {_twin("z", location=5)}]',
        c_DOT_ndjson="\n".join(
            (
                _twin("x"),
                "{bad",
                '{"twin_id": "y", "twin_type": "t", "metadata": {"a": NaN}}',
                '{"twin_id": "y", "twin_id": "q", "twin_type": "t"}',
            )
        ),
        e_DOT_json="[" * 100_000,
        f_DOT_json='{"twin_id": ' + "9" * 5000 + "}",
        g_DOT_json="",
    )
    (tmp_path / "d.json").write_bytes(b"\xff")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(Invalid) as refused:
        read_paths([tmp_path, tmp_path / "a.md", tmp_path / "nothing", tmp_path / "gone.json"])
    assert refused.value.code == "FILES_INVALID"
    told = [(problem.code, problem.path.removeprefix(f"{tmp_path}/")) for problem in refused.value.problems]
    assert sorted(told) == [
        ("DUPLICATE_DOCUMENT", "c.ndjson:1"),
        ("DUPLICATE_KEY", "c.ndjson:4"),
        ("FILE_UNKNOWN", "a.md"),
        ("FILE_UNREADABLE", "d.json"),
        ("FILE_UNREADABLE", "gone.json"),
        ("FOLDER_EMPTY", "nothing"),
        ("JSON_INVALID", "c.ndjson:2:2"),
        ("JSON_INVALID", "e.json"),
        ("JSON_INVALID", "f.json"),
        ("JSON_INVALID", "g.json:1:1"),
        ("KIND_UNKNOWN", "b.json#/1"),
        ("KIND_UNKNOWN", "b.json#/2"),
        ("NOT_ALLOWED", "a.json#/kind"),
        ("NOT_FINITE", "c.ndjson:3#/metadata/a"),
        ("UNKNOWN_FIELD", "a.json#/propertes"),
        ("WRONG_TYPE", "b.json#/3/location"),
    ]
    [twice] = [problem for problem in refused.value.problems if problem.code == "DUPLICATE_DOCUMENT"]
    assert f"{tmp_path}/b.json#/0" in twice.message


def test_a_bare_overlay_type_is_known_by_its_folder_or_file(tmp_path: Path) -> None:
    _write(
        tmp_path,
        a__overlay_types__x_DOT_json=_type("x"),
        a__overlay_types_DOT_ndjson=_type("y"),
        a__twin_types__x_DOT_json=_type("x"),
        a__overlay_types__z_DOT_json=_twin("z"),
    )
    kinds = {(read.kind, read.id) for read in read_paths([tmp_path]).documents}
    assert kinds == {("overlay_type", "x"), ("overlay_type", "y"), ("twin_type", "x"), ("twin", "z")}


def test_documents_come_in_the_order_of_dependence(tmp_path: Path) -> None:
    _write(
        tmp_path,
        a_DOT_json=_twin("a"),
        b_DOT_json=_type("b", extends="c"),
        c_DOT_json=_type("c", extends="d"),
        d_DOT_json=_type("d"),
        e_DOT_json='{"overlay_id": "e"}',
        f_DOT_json=_type("f", twin_roles=[]),
        g_DOT_json='{"relationship_type": "g", "impact": "none"}',
    )
    assert [read.id for read in ordered(read_paths([tmp_path]).documents)] == ["g", "d", "c", "b", "f", "a", "e"]
    _write(tmp_path, d_DOT_json=_type("d", extends="b"))
    in_a_ring = ordered(read_paths([tmp_path]).documents)
    assert [read.id for read in in_a_ring] == ["g", "b", "c", "d", "f", "a", "e"], "the server says what is wrong"


def test_a_circle_stands_together_and_what_needs_it_comes_after(tmp_path: Path) -> None:
    def leads(target: str) -> dict[str, object]:
        return {"relationships": [{"name": "to", "target_type": target}]}

    _write(
        tmp_path,
        a_DOT_json=_type("a", **leads("y")),
        b_DOT_json=_type("b", **leads("b")),
        x_DOT_json=_type("x", **leads("y")),
        y_DOT_json=_type("y", **leads("x")),
    )
    found = "".join(read.id for read in ordered(read_paths([tmp_path]).documents))
    assert "xya" in found
    assert sorted(found) == ["a", "b", "x", "y"]


def test_types_whose_rules_ask_for_each_other_come_together(tmp_path: Path) -> None:
    def rules(*targets: str) -> list[dict[str, str]]:
        return [{"name": f"to_{target}", "target_type": target} for target in targets]

    _write(
        tmp_path,
        a_DOT_json=_type("a", relationships=rules("b")),
        b_DOT_json=_type("b", relationships=rules("c", "d")),
        c_DOT_json=_type("c", relationships=rules("a", "c")),
        d_DOT_json=_type("d", relationships=rules("d")),
        e_DOT_json=_type("e"),
    )
    found = rings(read_paths([tmp_path]).documents)
    assert [[read.id for read in ring] for ring in found] == [["d"], ["a", "b", "c"], ["e"]]
    assert [[len(ring) for ring in batch] for batch in cut(found, 2, 10**6)] == [[1], [3], [1]]


def test_batches_keep_to_both_limits_and_lose_nothing(tmp_path: Path) -> None:
    texts = [_twin(f"t{number}", description="ü" * (500 * (number % 3))) for number in range(50)]
    _write(tmp_path, a_DOT_ndjson="\n".join([*texts, _twin("large", description="x" * 9000)]))
    documents = read_paths([tmp_path]).documents
    batches = [[read for ring in batch for read in ring] for batch in cut(rings(documents), 7, 5000)]
    assert [read for batch in batches for read in batch] == documents
    assert all(len(batch) <= 7 and (sum(map(size, batch)) <= 5000 or len(batch) == 1) for batch in batches)
    assert {len(batch) for batch in batches} > {1}
