"""What a definition may say of how a connection is secured, and that no secret can be saved in one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.authentication import problems_of, warnings_of

OPCUA = "opc.tcp://plc1.factory.local:4840"
MARKER = "hunter2-MARKER"


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"password": MARKER}, "/authentication/password"),
        ({"type": "password", "username": "u", "password_file": "p", "Token": MARKER}, "/authentication/Token"),
        ({"private_key": MARKER}, "/authentication/private_key"),
        ({"api-key": MARKER}, "/authentication/api-key"),
        ({"own": {"clientSecret": MARKER}}, "/authentication/own/clientSecret"),
        ({"own": [{"pin": 1234}]}, "/authentication/own/0/pin"),
        ({"note": f"-----BEGIN RSA PRIVATE KEY-----\n{MARKER}"}, "/authentication/note"),
        ({"a/b": {"~": {"key": MARKER}}}, "/authentication/a~1b/~0/key"),
    ],
)
def test_a_secret_is_refused_wherever_it_stands_and_never_repeated(document: dict[str, Any], pointer: str) -> None:
    problems = problems_of(document, "opc-ua", OPCUA)
    found = next(problem for problem in problems if problem.code == "SECRET_IN_DEFINITION")
    assert found.path == pointer
    assert found.hint
    assert MARKER not in " ".join(map(str, problems))


@pytest.mark.parametrize(
    "document",
    [
        {"type": "certificate", "certificate_id": "pump_client_cert"},
        {"type": "none", "certificate_id": "a", "security_policy": "Aes256Sha256RsaPss", "security_mode": "Sign"},
        {"type": "password", "username": "u", "password_file": "plc1", "certificate_id": "a"},
        {"type": "password", "username": "u", "password_env": "P", "key_rotation": "monthly", "password": None},
        {"note": "the key hangs in the cabinet", "monkey": "x"},
        None,
    ],
)
def test_references_can_be_saved(document: dict[str, Any] | None) -> None:
    assert problems_of(document, "opc-ua", OPCUA) == []


@pytest.mark.parametrize(
    ("document", "code", "hint"),
    [
        ({"type": "pasword"}, "AUTHENTICATION_UNKNOWN", "did you mean 'password'?"),
        ({"type": 7}, "AUTHENTICATION_UNKNOWN", "known are none, password, certificate"),
        ({"type": "certificate"}, "AUTHENTICATION_INCOMPLETE", "certificate create"),
        ({"type": "password", "password_env": "P"}, "AUTHENTICATION_INCOMPLETE", ""),
        ({"type": "password", "username": "u"}, "AUTHENTICATION_INCOMPLETE", "password_file names"),
        (
            {"type": "password", "username": "u", "password_env": "P", "password_file": "p"},
            "AUTHENTICATION_AMBIGUOUS",
            "",
        ),
        ({"type": "password", "username": "u", "password_file": "../../etc/passwd"}, "SECRET_NAME_INVALID", "alone"),
        ({"type": "password", "username": "u", "password_file": "..data"}, "SECRET_NAME_INVALID", "alone"),
        (
            {"type": "password", "username": "u", "password_env": "TWIN_OVERLAY_GRAPH__PASSWORD"},
            "SECRET_NAME_INVALID",
            "doesn't begin with",
        ),
        ({"type": "certificate", "certificate_id": "../key"}, "CERTIFICATE_ID_INVALID", ""),
        ({"type": "certificate", "certificate_id": ".."}, "CERTIFICATE_ID_INVALID", ""),
        ({"certificate_id": "a", "security_policy": "Basic256sha256"}, "SECURITY_UNKNOWN", "did you mean"),
        ({"certificate_id": "a", "security_policy": "Basic128Rsa15"}, "SECURITY_UNKNOWN", ""),
        ({"certificate_id": "a", "security_mode": "None"}, "SECURITY_UNKNOWN", "SignAndEncrypt"),
        ({"security_policy": "Basic256Sha256"}, "AUTHENTICATION_INCOMPLETE", "makes one"),
        ({"ca_id": "a"}, "NOT_OF_PROTOCOL", "trusted"),
        ({"certificate_id": 7}, "WRONG_TYPE", ""),
        ({"allow_plain_password": "yes"}, "WRONG_TYPE", ""),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_way_on(document: dict[str, Any], code: str, hint: str) -> None:
    problems = problems_of(document, "opc-ua", OPCUA)
    assert code in [problem.code for problem in problems]
    assert any(hint in problem.hint for problem in problems if problem.code == code)


def test_all_problems_are_told_at_once() -> None:
    document = {"type": "password", "password": MARKER, "security_policy": "X"}
    codes = {problem.code for problem in problems_of(document, "opc-ua", "opc.tcp://u:w@h:1")}
    assert codes == {
        "SECRET_IN_DEFINITION",
        "SECURITY_UNKNOWN",
        "AUTHENTICATION_INCOMPLETE",
        "CREDENTIALS_IN_ENDPOINT",
    }


def test_mqtt_has_its_own_words() -> None:
    tls = {"certificate_id": "a", "ca_id": "b"}
    assert problems_of(tls, "mqtt", "mqtts://h") == []
    assert [item.code for item in problems_of(tls, "mqtt", "mqtt://h")] == ["TLS_NEEDED"]
    assert [item.code for item in problems_of({"server_host": "*"}, "mqtt", "mqtts://h")] == ["NOT_OF_PROTOCOL"]


def test_what_weakens_the_protection_is_warned_of() -> None:
    password = {"type": "password", "username": "u", "password_env": "P"}
    assert [item.code for item in warnings_of(password, "mqtt", "mqtt://h")] == ["PASSWORD_UNPROTECTED"]
    assert list(warnings_of(password, "mqtt", "mqtts://h")) == []
    assert list(warnings_of(password, "opc-ua", OPCUA)) == []
    weak = {**password, "allow_plain_password": True, "server_host": "*"}
    assert [item.code for item in warnings_of(weak, "opc-ua", OPCUA)] == ["PASSWORD_UNPROTECTED", "ANY_HOST"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["type", "username", "password_env", "certificate_id", "x"]) | st.text(), JSON))
def test_no_document_breaks_the_check(document: dict[str, Any]) -> None:
    for protocol, endpoint in (("opc-ua", OPCUA), ("mqtt", "mqtt://h"), (None, None)):
        problems_of(document, protocol, endpoint)
        list(warnings_of(document, protocol, endpoint))
