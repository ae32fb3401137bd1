from __future__ import annotations

import os
from pathlib import Path

from tests.nobody import be_nobody


def test_tests_have_no_account_and_no_settings_of_the_machine(tmp_path: Path) -> None:
    environ = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ACCESS_KEY_ID": "real",
        "AWS_ENDPOINT_URL_S3": "https://s3.example",
        "S3SESSIONS_URL": "s3://production",
        "XDG_DATA_HOME": "somewhere",
        "HOME": "somewhere",
        "PATH": "kept",
    }
    be_nobody(environ, str(tmp_path))
    assert environ["PATH"] == "kept"
    assert environ["HOME"] == str(tmp_path)
    assert not {"real", "production", "somewhere", "s3://production"} & set(environ.values())
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"} & environ.keys()


def test_this_process_is_nobody() -> None:
    assert os.environ["AWS_ACCESS_KEY_ID"].startswith("tests-")
    assert not Path(os.environ["AWS_CONFIG_FILE"]).exists()
    assert list(Path.home().glob(".aws")) == []
