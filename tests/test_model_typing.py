"""What mypy knows about models: constructors, fields, the child's optional discriminator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SNIPPET = """
from __future__ import annotations

from datetime import datetime

from tests.sample_api.models import BackupJobModel, EJobType, JobModel, LinuxServerModel, StorageModel

job = BackupJobModel(id="1", name="n", storage=StorageModel(size=1), additional_properties={"new": 1})
base: JobModel = job
kind: EJobType = job.type
server = LinuxServerModel(ssh_port=22)
decoded: BackupJobModel = BackupJobModel.from_dict({})
if job.end_time:
    moment: datetime = job.end_time
match base:
    case BackupJobModel(storage=storage):
        size: int = storage.size
BackupJobModel(id="1", name="n")  # E: call-arg
BackupJobModel(id="1", name="n", storage=StorageModel(size=1), colour=3)  # E: call-arg
StorageModel(size="x")  # E: arg-type
JobModel(id="1", name="n")  # E: call-arg
StorageModel(1)  # E: call-arg
job.nmae  # E: attr-defined
job.nmae = 1  # E: attr-defined
moment = job.end_time  # E: assignment
"""


@pytest.mark.clone
def test_mypy_sees_constructors_and_fields(tmp_path: Path) -> None:
    """Right code passes mypy --strict; each wrong line is an error of its kind, on that line."""
    pytest.importorskip("mypy")
    snippet = tmp_path / "snippet.py"
    snippet.write_text(SNIPPET)
    command = [
        sys.executable, "-m", "mypy", "--strict", "--explicit-package-bases", "--no-error-summary", "--config-file=",
        f"--cache-dir={tmp_path}", str(snippet),
    ]  # fmt: skip
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    found: dict[int, set[str]] = {}
    for line in run.stdout.splitlines():
        if ": error: " in line and "snippet.py" in line:
            found.setdefault(int(line.split(":")[1]), set()).add(line.rsplit("[", 1)[1].rstrip("]"))
    lines = enumerate(SNIPPET.splitlines(), 1)
    expected = {number: line.rsplit("# E: ", 1)[1] for number, line in lines if "# E: " in line}
    assert {number: codes for number, codes in found.items() if expected.get(number) not in codes} == {}, run.stdout
    assert set(found) == set(expected), run.stdout + run.stderr
