"""Scripts with something wrong in them, of two kinds: words moved about, and bytes. The same seed gives the same ones.

`answer` is what any text must give: diagnostics or definitions, never a traceback, and a formatted text that stays.
"""

import random
from collections.abc import Iterator

from app.commands.check_scripts import check_script
from app.dtsl.format_script import format_text
from app.dtsl.parse import cut, parse_script
from app.model.catalogue import Catalogue
from tests.dtsl.corpus import CORPUS

SCRIPTS = [path.read_text(encoding="utf-8") for path in sorted(CORPUS.rglob("script.dtsl"))]
PIECES = [
    *("{", "}", "(", ")", "[", "]", ";", ",", ".", "=", "==", "!", "-", "->", "&&", "||", "&", "?", "/*", "*/", "//"),
    *("for", "within", "in", "between", "and", "every", "on", "at", "known", "quality", "age", "rate", "any", "count"),
    *("30s", "1h30m", "5 bar", '80 "°C"', "06:00", "weekday", '"Europe/Berlin"', "avg(known", "%", "1d2h3m4s5ms6us"),
    *('"', "'", "\\", "\n", "\r\n", "\t", "\ufeff", "\x00", "ä", "\ud800", "\u2028", "1e999", "9" * 40, "3.5", "null"),
    *("overlay", "instance", "of", "twins", "behaviors", "behavior", "when", "then", "if", "as", "true", "alert"),
    *(
        "relationships",
        "metadata",
        "this",
        '"P-101A"',
        "\u043fump",
        "\uff50ump",
        "'",
        "\r",
        "\f",
        "// x\n",
        "/* x */",
        "10001",
    ),
]
_JARGON = ("Token", "LBRACE", "RBRACE", "SEMICOLON", "ANON", "$END", "lark", "NAME", "STRAY", "Traceback")


def mutants(seed: int) -> Iterator[str]:
    """Without end."""
    chance = random.Random(seed)
    words = [[str(token) for token in cut(script)] for script in SCRIPTS]
    while True:
        kind = chance.random()
        if kind < 0.5:
            yield _of_words(chance, list(chance.choice(words)), [word for other in words for word in other])
        elif kind < 0.8:
            yield _of_characters(chance, chance.choice(SCRIPTS))
        else:
            yield _of_bytes(chance, chance.choice(SCRIPTS).encode())


def _of_words(chance: random.Random, words: list[str], others: list[str]) -> str:
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(words))
        match chance.randrange(7):
            case 0:
                del words[at : at + chance.choice([1, 1, 2, 5])]
            case 1:
                words.insert(at, words[at])
            case 2:
                words[at] = chance.choice(others)
            case 3:
                words.insert(at, chance.choice([*others, *PIECES]))
            case 4:
                to = chance.randrange(len(words))
                words[at], words[to] = words[to], words[at]
            case 5:  # a block somewhere else
                block = _block(words, at)
                to = chance.randrange(len(words))
                words[to:to] = block * chance.choice([1, 1, 2, 70])
            case _:  # a block that is not there
                block = _block(words, at)
                start = words.index(block[0], at) if block else at
                del words[start : start + len(block)]
        if not words:
            return ""
    return chance.choice([" ", "\n", "  \r\n"]).join(words)


def _block(words: list[str], at: int) -> list[str]:
    """From the next opening bracket to where that is closed."""
    opening = next((index for index in range(at, len(words)) if words[index] in "{(["), None)
    if opening is None:
        return []
    depth = 0
    for index in range(opening, len(words)):
        depth += (words[index] in "{([") - (words[index] in "})]")
        if depth == 0:
            return words[opening : index + 1]
    return words[opening:]


def _of_characters(chance: random.Random, text: str) -> str:
    for _ in range(chance.randint(1, 6)):
        at, width = chance.randrange(len(text) + 1), chance.choice([0, 0, 1, 1, 2, 10, 80])
        text = text[:at] + chance.choice([*PIECES, ""]) + text[at + width :]
    return text


def _of_bytes(chance: random.Random, body: bytes) -> str:
    """As a file with such bytes would be read by one who does not look."""
    changed = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(4):
            case 0:
                changed[at:at] = bytes([chance.randrange(256)])
            case 1 if at < len(changed):
                changed[at] ^= 1 << chance.randrange(8)
            case 2:
                del changed[at : at + chance.choice([1, 3, 200])]
            case _:
                start = chance.randrange(len(changed) + 1)
                changed[at:at] = changed[start : start + chance.randrange(100)]
    return bytes(changed).decode("utf-8", errors=chance.choice(["replace", "surrogateescape", "ignore"]))


def answer(source: str, plant: Catalogue) -> None:
    """Raises AssertionError where the language breaks a promise."""
    checked = check_script(source, plant)
    failed = any(found.severity == "error" for found in checked.diagnostics)
    assert not (failed and checked.definitions)
    for found in checked.diagnostics:
        rendered = found.render(source)
        assert rendered.startswith(f"script.dtsl:{found.line}:{found.column}: {found.code} ")
        assert len(rendered) < 2000
        assert 0 <= found.offset <= found.end_offset <= len(source) + 1
        assert (found.line, found.column) <= (found.end_line, found.end_column)
        for jargon in _JARGON:
            assert jargon not in found.message
            assert jargon not in found.hint
    formatted = format_text(source)
    assert (formatted.text is None) == bool(formatted.diagnostics)
    if formatted.text is not None:
        script, unreadable = parse_script(formatted.text)
        assert not unreadable
        assert script == parse_script(source)[0]
        assert format_text(formatted.text).text == formatted.text
