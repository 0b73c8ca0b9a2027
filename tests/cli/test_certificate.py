"""`twin-overlay certificate`: what it makes can be used, what it is told wrongly is refused, and nothing is lost."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner

from app.__main__ import app
from app.connectors.certificates import OwnCertificates, thumbprint
from app.connectors.trust import MAX_REJECTED, Expected, TrustList
from app.errors import Unavailable
from tests.servers.authority import made

RUN = CliRunner()


def said(*words: str, folder: Path, code: int = 0) -> str:
    result = RUN.invoke(app, ["certificate", *words, "--certificates", str(folder)])
    assert result.exit_code == code, result.output
    return result.output


def test_what_is_made_can_be_used(tmp_path: Path) -> None:
    said(
        "create",
        "plant",
        "--host",
        "plant-server",
        "--host",
        "10.0.0.5",
        "--application-uri",
        "urn:a:b",
        folder=tmp_path,
    )
    own = OwnCertificates(tmp_path / "own").load("plant", None, datetime.now(UTC))
    names = own.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["plant-server"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.5"]
    assert own.application_uri == "urn:a:b"
    assert stat.S_IMODE(own.key_file.stat().st_mode) == 0o600
    assert thumbprint(own.certificate) in said("list", folder=tmp_path)


def test_one_that_is_there_is_kept_unless_it_is_to_be_renewed(tmp_path: Path) -> None:
    said("create", "plant", folder=tmp_path)
    before = (tmp_path / "own" / "plant.pem").read_bytes()
    assert "CERTIFICATE_EXISTS" in said("create", "plant", folder=tmp_path, code=1)
    assert (tmp_path / "own" / "plant.pem").read_bytes() == before
    said("create", "plant", "--renew", folder=tmp_path)
    assert (tmp_path / "own" / "plant.pem").read_bytes() != before
    OwnCertificates(tmp_path / "own").load("plant", None, datetime.now(UTC))


def test_a_key_can_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "sesame")
    said("create", "plant", "--key-password-env", "TEST_KEY", folder=tmp_path)
    own = OwnCertificates(tmp_path / "own")
    own.load("plant", "sesame", datetime.now(UTC))
    with pytest.raises(Unavailable):
        own.load("plant", None, datetime.now(UTC))
    assert "PASSWORD_NOT_SET" in said("create", "b", "--key-password-env", "TEST_NOTHING", folder=tmp_path, code=2)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["create", "../plant"], "CERTIFICATE_ID_INVALID"),
        (["create", ".plant"], "CERTIFICATE_ID_INVALID"),
        (["create", "plant", "--bits", "1024"], "KEY_SIZE_INVALID"),
        (["create", "plant", "--application-uri", "plant"], "URI_INVALID"),
        (["create", "plant", "--host", "grün.local"], "HOST_INVALID"),
        (["trust", "nothing"], "CERTIFICATE_NOT_FOUND"),
        (["distrust", "nothing"], "CERTIFICATE_NOT_FOUND"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(words: list[str], code: str, tmp_path: Path) -> None:
    assert code in said(*words, folder=tmp_path, code=1)
    assert not list(tmp_path.iterdir())


def test_a_rejected_one_is_trusted_and_distrusted_by_its_name(tmp_path: Path) -> None:
    plc, trust = made("plc"), TrustList(tmp_path)
    now = datetime.now(UTC)
    with pytest.raises(Unavailable) as caught:
        trust.check([plc.certificate], Expected(), "opc.tcp://plc", now)
    assert caught.value.code == "SERVER_CERTIFICATE_UNTRUSTED"
    for words in (["trust", "plc"], ["distrust", "plc"], ["trust", thumbprint(plc.certificate)]):
        said(*words, folder=tmp_path)
    trust.check([plc.certificate], Expected(), "opc.tcp://plc", now)
    assert not list(trust.rejected.iterdir())
    said("distrust", "plc", folder=tmp_path)
    with pytest.raises(Unavailable):
        trust.check([plc.certificate], Expected(), "opc.tcp://plc", now)


def test_a_file_is_trusted_in_whatever_form_and_one_that_is_none_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    authority = tmp_path / "plant-ca.crt"
    authority.write_bytes(made("ca", ca=True).der)
    assert "trusted from now on" in said("trust", str(authority), folder=folder)
    assert "completes chains" in said("trust", str(authority), "--issuer", folder=folder)
    assert authority.is_file()
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    assert "CERTIFICATE_UNREADABLE" in said("trust", str(broken), folder=folder, code=1)
    assert "there are no certificates" in said("list", folder=tmp_path / "elsewhere")


def test_whoever_shows_ever_new_certificates_fills_no_disk(tmp_path: Path) -> None:
    trust = TrustList(tmp_path)
    for _ in range(MAX_REJECTED + 20):
        trust.reject(made("plc").certificate)
    assert len(list(trust.rejected.iterdir())) == MAX_REJECTED
