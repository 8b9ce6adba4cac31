"""`python -m codegen`: three commands, each loaded when it is asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from codegen.__main__ import main
from tests.codegen.odd import document, write_specs

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "codegen", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)


def test_emit_reports_each_revision(tmp_path: Path) -> None:
    """`emit` prints a line for each revision, in the order asked for, and nothing else."""
    specs = write_specs(tmp_path / "specs", v7=document(), v8=document())
    done = run("emit", "--specs", str(specs), "--package", str(tmp_path / "acme"), "odd/v8", "odd/v7")
    assert done.returncode == 0, done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["odd/v8", "odd/v7"]
    assert "8/8 operations" in done.stdout


def test_check_is_a_command(tmp_path: Path) -> None:
    """`check` answers by its status."""
    specs = write_specs(tmp_path / "specs", v7=document())
    done = run("check", "--specs", str(specs), "--package", str(tmp_path / "acme"))
    assert done.returncode == 1
    assert "missing" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["unknown"], ["emit", "--nonsense"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command, with an unknown one or an unknown option: the usage, and status 2."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python -m codegen" in capsys.readouterr().err


def test_help_loads_no_command() -> None:
    """The help of all commands is there without openapi-python-client having been imported."""
    code = """
import sys
from codegen.__main__ import main
try:
    main(["--help"])
except SystemExit:
    print([name for name in sys.modules if name.startswith("openapi_python_client")])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(command in done.stdout for command in ("ingest", "emit", "check"))


def test_two_modules_know_openapi_python_client() -> None:
    """One module calls openapi-python-client, one reads its objects and adds what they cannot say; no other does."""
    users = {
        path.name
        for path in (ROOT / "codegen").rglob("*.py")
        if "openapi_python_client" in path.read_text(encoding="utf-8")
    }
    assert users == {"parsed.py", "beside.py"}
